/**
 * `node scripts/frame-strip.ts VIDEO OUT.jpg [START_S]`: five frames of a video side by side, as the README shows them. It needs
 * `ffmpeg` on PATH.
 */
import { execFileSync } from 'node:child_process';
import process from 'node:process';

const FRAMES = 5;
const WIDTH_PX = 200;

const [video, out, startS = '0'] = process.argv.slice(2);
if (!video || !out) {
  process.stderr.write('usage: node scripts/frame-strip.ts VIDEO OUT.jpg [START_S]\n');
  process.exit(1);
}
const probe = ['-v', 'error', '-show_entries', 'format=duration', '-of', 'csv=p=0', video];
const durationS = Number(execFileSync('ffprobe', probe, { encoding: 'utf8' }));
const filter = `fps=${FRAMES}/${durationS},scale=${WIDTH_PX}:-2,tile=${FRAMES}x1`;
execFileSync('ffmpeg', [
  '-v',
  'error',
  '-y',
  '-ss',
  startS,
  '-i',
  video,
  '-vf',
  filter,
  '-frames:v',
  '1',
  '-q:v',
  '3',
  out,
]);
