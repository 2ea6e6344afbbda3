/**
 * What vitest loads for coverage in its own process and in each test process. The provider is loaded only by the former: it
 * takes half a second.
 */
import process from 'node:process';
import v8 from '@vitest/coverage-v8';

/** Set by projects whose tests run at full speed: V8's counters take as much time again. */
const isMeasured = !process.env.LIMELIGHT_UNMEASURED;

// biome-ignore lint/style/noDefaultExport: vitest reads it.
export default {
  ...v8,
  ...(!isMeasured && { startCoverage() {}, takeCoverage() {}, stopCoverage() {} }),
  getProvider: async () => (await import('./provider.ts')).createProvider(),
};
