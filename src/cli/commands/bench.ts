import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { PipelineError } from '../../errors.ts';
import { addExamples } from '../command-parts.ts';
import { EXIT_CODES } from '../exit-code.ts';
import { isJson } from '../terminal/output.ts';

const BENCH = fileURLToPath(new URL('../../../bench/main.ts', import.meta.url));

export function addBenchCommand(program: Command): void {
  const command = program
    .command('bench')
    .summary('measure this machine')
    .description(
      'Runs the benchmarks of the project and prints their figures, each next to a reference from the same run. Takes minutes on an idle machine.',
    )
    .argument('[name...]', 'benchmarks to run; default: all')
    .action(async (names: string[]) => {
      if (!existsSync(BENCH)) {
        throw new PipelineError(
          'INPUT_INVALID',
          'The image does not contain the benchmarks. Clone the repository and run `npm run bench` there.',
        );
      }
      const args = [BENCH, ...names, ...(isJson() ? ['--json'] : [])];
      const [code] = await once(spawn(process.execPath, args, { stdio: 'inherit' }), 'exit');
      process.exitCode = code ?? EXIT_CODES.failed[0];
    });
  addExamples(command, [
    'limelight bench',
    'limelight bench orchestration progress',
    'limelight bench refusals --json',
  ]);
}
