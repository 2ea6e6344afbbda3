/**
 * Loaded into a process by `--import`: answers each message of its parent with how long the event loop was blocked since the
 * last one.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';

export interface EventLoopReport {
  /** How late the event loop was, in milliseconds. This includes the time that other processes had the core. */
  delayMs: { p99: number; max: number };
  /** The most CPU time that the main thread used between two turns of a timer, in milliseconds: what a request can cause. */
  longestTurnMs: number;
}

const RESOLUTION_MS = 5;

const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
delays.enable();

const cpuMs = () => {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
};
let longestTurnMs = 0;
let before = cpuMs();
setInterval(() => {
  const now = cpuMs();
  longestTurnMs = Math.max(longestTurnMs, now - before);
  before = now;
}, RESOLUTION_MS).unref();

process.on('message', () => {
  const late = (nanoseconds: number) => Math.max(0, nanoseconds / 1e6 - RESOLUTION_MS);
  const report: EventLoopReport = {
    delayMs: { p99: late(delays.percentile(99)), max: late(delays.max) },
    longestTurnMs,
  };
  delays.reset();
  longestTurnMs = 0;
  process.send?.(report);
});
// The channel must not keep the process running.
process.channel?.unref();
