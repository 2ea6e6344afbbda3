/**
 * `npm run audit`: asks the registry for known vulnerabilities of the locked packages. Exit codes: 0 none of high or
 * critical severity, 1 some, 3 the registry does not answer, so nothing was checked. `npm audit` alone ends in the last case
 * as if it had found some.
 */
import { spawnSync } from 'node:child_process';
import process from 'node:process';
import { pathToFileURL } from 'node:url';

const NOT_CHECKED = 3;

interface Audit {
  vulnerabilities?: Record<string, { name: string; severity: string; range: string; isDirect: boolean }>;
  metadata?: { vulnerabilities: Record<string, number> };
  message?: string;
  error?: { code?: string; summary?: string };
}

/** @param printed by `npm audit --json` */
export function report(printed: string): { exitCode: number; lines: string[] } {
  const audit = parse(printed);
  if (!audit?.vulnerabilities || !audit.metadata) {
    const reason = audit?.error?.summary || audit?.message || 'it answered nothing that npm understands';
    return {
      exitCode: NOT_CHECKED,
      lines: [`Nothing was checked: the registry does not answer audits (${reason.trim()})`],
    };
  }
  const found = Object.values(audit.vulnerabilities).map(
    ({ name, severity, range }) => `${severity}: ${name} ${range}`,
  );
  const { high = 0, critical = 0, total = 0 } = audit.metadata.vulnerabilities;
  return {
    exitCode: high + critical > 0 ? 1 : 0,
    lines: [...found, `${total} vulnerable packages, ${high + critical} of high or critical severity`],
  };
}

function parse(printed: string): Audit | undefined {
  try {
    return JSON.parse(printed);
  } catch {
    return undefined;
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { stdout } = spawnSync('npm', ['audit', '--json', '--package-lock-only'], { encoding: 'utf8' });
  const { exitCode, lines } = report(stdout ?? '');
  process.stdout.write(`${lines.join('\n')}\n`);
  process.exitCode = exitCode;
}
