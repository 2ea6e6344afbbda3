import { describe, expect, it } from 'vitest';
import { maySkipInCi, summarize, UNSAID, type VitestReport } from '../../scripts/test-summary.ts';

const file = (status: string, ...tests: Array<[fullName: string, status: string]>) => ({
  name: 'some.test.ts',
  status,
  assertionResults: tests.map(([fullName, result]) => ({ fullName, status: result })),
});
const report = (...testResults: VitestReport['testResults']): VitestReport => ({ testResults });

describe('the summary of a test run', () => {
  it('counts tests by result, and groups skipped ones by what they need', () => {
    const summary = summarize(
      report(
        file('passed', ['a', 'passed'], ['b (needs MEDIA_DIR) c', 'skipped'], ['d', 'todo']),
        file('failed', ['e', 'failed'], ['b (needs MEDIA_DIR) f', 'pending']),
      ),
      1,
    );

    expect(summary).toEqual({
      passed: 1,
      failed: 1,
      skipped: 3,
      skippedFor: new Map([
        ['MEDIA_DIR', ['b (needs MEDIA_DIR) c', 'b (needs MEDIA_DIR) f']],
        [UNSAID, ['d']],
      ]),
    });
  });

  it('lets CI skip a test for want of media or models, never for want of a program', () => {
    const { skippedFor } = summarize(
      report(file('passed', ['a (needs Go and nginx) b (needs chromium)', 'skipped'])),
      0,
    );
    expect([...skippedFor.keys()]).toEqual(['Go and nginx and chromium']);
    expect(maySkipInCi('MODELS_DIR and MEDIA_DIR')).toBe(true);
    expect(maySkipInCi('MODELS_DIR and ffmpeg')).toBe(false);
    expect(maySkipInCi('user namespaces')).toBe(false);
  });

  it('counts a file that cannot be loaded as a failure', () => {
    expect(summarize(report(file('failed'), file('passed', ['a', 'passed'])), 1)).toMatchObject({
      passed: 1,
      failed: 1,
    });
  });

  it('counts a crashed run as a failure', () => {
    expect(summarize(undefined, null).failed).toBe(1);
    expect(summarize(undefined, 0).failed).toBe(1);
    expect(summarize(report(file('passed', ['a', 'passed'])), 1).failed).toBe(1);
  });
});
