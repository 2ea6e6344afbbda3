/** What vitest's JSON reporter writes, as far as it is read here. */
export interface VitestReport {
  testResults: Array<{
    name: string;
    status: string;
    assertionResults: Array<{ fullName: string; status: string }>;
  }>;
}

export interface TestSummary {
  passed: number;
  failed: number;
  skipped: number;
  /** Full names of skipped tests by what they lack, as their names say: "(needs MEDIA_DIR)". */
  skippedFor: Map<string, string[]>;
}

const NEEDS = /\(needs ([^)]+)\)/;
export const UNSAID = 'no reason that its name tells';

/**
 * A file that could not be loaded counts as one failure, and so does a run that ended badly without a failed test, or
 * without any report: it has died.
 */
export function summarize(report: VitestReport | undefined, exitCode: number | null): TestSummary {
  const files = report?.testResults ?? [];
  const tests = files.flatMap(({ assertionResults }) => assertionResults);
  const ofStatus = (...wanted: string[]) => tests.filter(({ status }) => wanted.includes(status));
  const unloaded = files.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
  );
  const failed = ofStatus('failed').length + unloaded.length;
  const skipped = ofStatus('skipped', 'pending', 'todo', 'disabled');
  const skippedFor = Map.groupBy(skipped, ({ fullName }) => NEEDS.exec(fullName)?.[1] ?? UNSAID);
  return {
    passed: ofStatus('passed').length,
    failed: failed === 0 && (exitCode !== 0 || !report) ? 1 : failed,
    skipped: skipped.length,
    skippedFor: new Map([...skippedFor].map(([reason, of]) => [reason, of.map(({ fullName }) => fullName)])),
  };
}
