import { DEFAULT_BACKGROUND } from '../../contracts/job.ts';
import { MAX_LONG_SIDE_PX } from '../../contracts/video-format.ts';
import { PipelineError } from '../../errors.ts';
import {
  FilePathSource,
  Input,
  MP4,
  QTFF,
  VideoSampleSink,
  WEBM,
  whileCodecsRun,
} from '../codecs/webcodecs.ts';
import { sharp } from './image-library.ts';

/** The decoder supports it, but the DOM's types do not list it yet. */
const AS_RGBA: VideoFrameCopyToOptions & { format: string } = { format: 'RGBA' };

/**
 * Writes the first frame of a video, in which the mouth is still closed, as a JPEG of the size of the video: a
 * player shows it before the video starts, and a smaller one would look blurred until then. Transparent
 * areas become the neutral grey of the default background.
 * @throws PipelineError VIDEO_UNPLAYABLE if there is no frame
 */
export async function writeThumbnail(videoPath: string, jpegPath: string): Promise<void> {
  const { rgba, width, height } = await whileCodecsRun(readFirstFrame(videoPath));
  await sharp(rgba, { raw: { width, height, channels: 4 } })
    .flatten({ background: DEFAULT_BACKGROUND })
    .resize({ width: MAX_LONG_SIDE_PX, height: MAX_LONG_SIDE_PX, fit: 'inside', withoutEnlargement: true })
    .jpeg({ quality: 82, mozjpeg: true })
    .toFile(jpegPath);
}

async function readFirstFrame(path: string): Promise<{ rgba: Uint8Array; width: number; height: number }> {
  using input = new Input({ source: new FilePathSource(path), formats: [MP4, QTFF, WEBM] });
  const track = await input.getPrimaryVideoTrack();
  using frame = track && (await new VideoSampleSink(track).getSample(await track.getFirstTimestamp()));
  if (!frame) {
    throw new PipelineError(
      'VIDEO_UNPLAYABLE',
      'Expected a video with at least one frame, but received one without.',
    );
  }
  const rgba = new Uint8Array(frame.allocationSize(AS_RGBA));
  await frame.copyTo(rgba, AS_RGBA);
  return { rgba, width: frame.visibleRect.width, height: frame.visibleRect.height };
}
