/**
 * Entry point of a supervised child: `node supervised-process.ts SCRIPT`. A supervisor that dies without a word closes
 * the channel, and the child then drains as if it had been told to.
 */
import process from 'node:process';

process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'));
// The channel alone must not keep a child alive whose work has ended.
process.channel?.unref();
const script = process.argv[2];
if (script === undefined) {
  throw new Error('The script to run was expected as the argument');
}
await import(script);
