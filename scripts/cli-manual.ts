/** Writes `docs/cli.md` from the help of the commands. */
import { writeFileSync } from 'node:fs';
import { toManual } from '../src/cli/manual.ts';
import { createProgram } from '../src/cli/program.ts';

writeFileSync(new URL('../docs/cli.md', import.meta.url), toManual(createProgram()));
