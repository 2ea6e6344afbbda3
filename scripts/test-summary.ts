/** The parts of the report of vitest's JSON reporter that are read here. */
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
  /** Full names of skipped tests by what they lack, which their names tell: "(needs MEDIA_DIR)". */
  skippedFor: Map<string, string[]>;
}

const NEEDS = /\(needs ([^)]+)\)/g;
export const UNSAID = 'a reason that their names do not tell';

/** What a machine may lack, in CI too: folders that are not part of the project, and Landlock, which needs Debian 13. */
const OPTIONAL = new Set(['MODELS_DIR', 'MEDIA_DIR', 'Landlock', UNSAID]);

/** Whether a test may be skipped in CI: only for want of media and models, never for want of a program. */
export function maySkipInCi(reason: string): boolean {
  return reason.split(' and ').every((one) => OPTIONAL.has(one));
}

/**
 * A file that could not be loaded counts as one failure. So does a run that exits with an error but without a failed
 * test, and a run that dies before its report.
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
  const skippedFor = Map.groupBy(skipped, ({ fullName }) => reasonOf(fullName));
  return {
    passed: ofStatus('passed').length,
    failed: failed === 0 && (exitCode !== 0 || !report) ? 1 : failed,
    skipped: skipped.length,
    skippedFor: new Map([...skippedFor].map(([reason, of]) => [reason, of.map(({ fullName }) => fullName)])),
  };
}

function reasonOf(fullName: string): string {
  return [...fullName.matchAll(NEEDS)].map(([, reason]) => reason).join(' and ') || UNSAID;
}
