/** Writes `.env.example` and `docs/settings.md` from the schema over the environment: `node scripts/env-example.ts`. */
import { writeFileSync } from 'node:fs';
import { z } from 'zod';
import { Environment, SECRETS } from '../src/process/load-config.ts';
import { RELOADABLE } from '../src/process/reload-settings.ts';

const HEAD = `# Settings of Limelight: copy this file to .env and uncomment what you change. What is set in the process's environment
# wins over the file; an empty value is an unset one. A secret may come from a file: NAME_FILE. Written by scripts/env-example.ts from src/config/.
`;

export function renderEnvExample(): string {
  const { properties = {} } = z.toJSONSchema(Environment, { io: 'input' });
  return [HEAD, ...Object.entries(properties).map(([name, schema]) => renderVariable(name, schema))].join(
    '\n',
  );
}

function renderVariable(name: string, schema: z.core.JSONSchema._JSONSchema): string {
  const { description = '', enum: choices, default: byDefault } = schema as z.core.JSONSchema.BaseSchema;
  // A default that depends on the machine is told in words, or the file would differ from machine to machine.
  const value = description.includes('default:') ? '' : (byDefault ?? '');
  return `# ${description}${choices ? ` (${choices.join(', ')})` : ''}\n#${name}=${value}\n`;
}

const SETTINGS_HEAD = `# Settings

Every variable that Limelight reads, from the environment or from the env file (\`.env\` in the working folder, or what \`ENV_FILE\` names); the environment wins, and an empty value is an unset one. Written by \`node scripts/env-example.ts\` from the schema in \`src/config/environment.ts\`.

A process that is given a wrong value does not start, and says of all that are wrong what is. A **secret** may come from a file: \`NAME_FILE=/run/secrets/name\` in place of \`NAME\`. What is marked **reload** is taken over by a running process at SIGHUP, which \`limelight up\` passes on to all of its processes; a file with a fault changes nothing, and the log says what would need a restart.
`;

/** A row for each variable, padded as the formatter does. */
export function renderSettings(): string {
  const { properties = {} } = z.toJSONSchema(Environment, { io: 'input' });
  const rows = Object.entries(properties).map(([name, schema]) => {
    const { description = '', enum: choices, default: byDefault } = schema as z.core.JSONSchema.BaseSchema;
    const marks = [
      ...((SECRETS as readonly string[]).includes(name) ? ['**secret**'] : []),
      ...((RELOADABLE as readonly string[]).includes(name) ? ['**reload**'] : []),
    ];
    const text = `${description}${choices ? ` (${choices.join(', ')})` : ''}`.replaceAll('|', '\\|');
    const value = description.includes('default:') || byDefault === undefined ? '' : `\`${byDefault}\``;
    return [`\`${name}\``, [text, ...marks].join(' '), value];
  });
  const all = [['variable', 'what', 'default'], ...rows];
  const widths = [0, 1, 2].map((column) => Math.max(...all.map((row) => row[column]!.length)));
  const toLine = (cells: string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`;
  const [head, ...body] = all.map(toLine);
  return [SETTINGS_HEAD, head, toLine(widths.map((width) => '-'.repeat(width))), ...body, ''].join('\n');
}

if (import.meta.main) {
  writeFileSync(new URL('../docs/settings.md', import.meta.url), renderSettings());
  writeFileSync(new URL('../.env.example', import.meta.url), renderEnvExample());
}
