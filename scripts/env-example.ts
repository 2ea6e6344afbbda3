/** Writes `.env.example` from the schema over the environment: `node scripts/env-example.ts`. */
import { writeFileSync } from 'node:fs';
import { z } from 'zod';
import { Environment } from '../src/config.ts';

const HEAD = `# Settings of Limelight: copy this file to .env and uncomment what you change. What is set in the process's environment
# wins over the file; an empty value is an unset one. Written by scripts/env-example.ts from src/config.ts.
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

if (import.meta.main) {
  writeFileSync(new URL('../.env.example', import.meta.url), renderEnvExample());
}
