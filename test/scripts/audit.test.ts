import { describe, expect, it } from 'vitest';
import { report } from '../../scripts/audit.ts';

const counts = { info: 0, low: 0, moderate: 0, high: 0, critical: 0, total: 0 };

describe('npm run audit', () => {
  it('says that nothing was checked if the registry does not answer', () => {
    // As npm 11 prints it for status 404.
    const printed = JSON.stringify({
      message: '404 Not Found - POST https://registry.example.org/-/npm/v1/security/audits/quick - Not found',
      error: { summary: '', detail: '' },
    });

    for (const answer of [printed, '', '<html>']) {
      const { exitCode, lines } = report(answer);
      expect(exitCode).toBe(3);
      expect(lines.join()).toMatch(/^Nothing was checked: the registry does not answer audits/);
    }
    expect(report(printed).lines.join()).toContain('404 Not Found');
  });

  it('fails on packages with high or critical severity only, and names all', () => {
    const vulnerable = (severity: string) =>
      report(
        JSON.stringify({
          vulnerabilities: { left: { name: 'left', severity, range: '<2.0.0', isDirect: false } },
          metadata: { vulnerabilities: { ...counts, [severity]: 1, total: 1 } },
        }),
      );

    expect(vulnerable('low')).toMatchObject({ exitCode: 0, lines: ['low: left <2.0.0', expect.any(String)] });
    expect(vulnerable('critical')).toMatchObject({ exitCode: 1 });
    expect(report(JSON.stringify({ vulnerabilities: {}, metadata: { vulnerabilities: counts } }))).toEqual({
      exitCode: 0,
      lines: ['0 vulnerable packages, 0 of high or critical severity'],
    });
  });
});
