/** `npm run rolling-restart`: runs two processes of each role, restarts each in turn under 100 jobs, and checks that all jobs succeed. */
import process from 'node:process';
import { rollingRestart } from '../test/integration/rolling-restart.ts';

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => process.exit(130));
}
const say = (line: string) => process.stdout.write(`${line}\n`);
const { videos, failures, restarts, seconds } = await rollingRestart({
  jobs: 100,
  restartsOfEach: 2,
  onProgress: say,
});
for (const failure of failures) {
  say(`FAILED ${failure}`);
}
const unclean = restarts.filter(({ exitCode }) => exitCode !== 0);
say(
  `${videos} videos, ${failures.length} failures, ${restarts.length} restarts (${unclean.length} unclean), ${seconds} s`,
);
process.exitCode = failures.length + unclean.length === 0 ? 0 : 1;
