/**
 * Entry point of a supervised child: `node supervised-process.ts SCRIPT`. If the supervisor dies, the channel closes and
 * the child drains as after SIGTERM.
 */
import process from 'node:process';

process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'));
// The channel alone must not keep a finished child alive.
process.channel?.unref();
const script = process.argv[2];
if (script === undefined) {
  throw new Error('Expected the script to run as the argument');
}
await import(script);
