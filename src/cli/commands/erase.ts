import type { Command } from 'commander';
import { PipelineError } from '../../errors.ts';
import { stopSignal } from '../../process/run-main.ts';
import { addExamples } from '../command-parts.ts';
import { addServerOption, connect, type ServerFlags } from '../server.ts';
import { findTask, TASK_ARGUMENT } from '../task-argument.ts';
import { ask, isInteractive } from '../terminal/ask.ts';
import { show } from '../terminal/output.ts';

interface EraseFlags extends ServerFlags {
  yes?: boolean;
}

export function addEraseCommand(program: Command): void {
  const command = program
    .command('erase')
    .summary('delete all files and records of tasks')
    .description(
      'Deletes the photo, voice, video and record of tasks, here and at the provider, and prints a receipt. This cannot be undone.',
    )
    .argument('<task...>', TASK_ARGUMENT)
    .option('-y, --yes', 'do not ask for confirmation');
  addServerOption(command).action(erase);
  addExamples(command, ['limelight erase last', 'limelight erase 83577ac7 04c1d3aa --yes --json']);
}

async function erase(tasks: string[], { yes = false, ...flags }: EraseFlags): Promise<void> {
  const signal = stopSignal();
  const client = await connect(flags, signal);
  const ids = await Promise.all(tasks.map((task) => findTask(client, task, signal)));
  if (!yes) {
    await confirm(`Permanently erase ${ids.join(', ')}?`, signal);
  }
  for (const id of ids) {
    show(await client.erase(id, { signal }), ({ erased, erased_at, pending }) => [
      `${id}  erased at ${erased_at}`,
      ...erased.map(({ kind, name }) => `  ${kind.padEnd(9)} ${name}`),
      ...(pending.length > 0
        ? [
            'Still to be deleted at the provider. The server keeps trying; repeat the command for the newest receipt.',
            ...pending.map(({ kind, provider, name }) => `  ${(provider ?? kind).padEnd(9)} ${name}`),
          ]
        : []),
    ]);
  }
}

/** @throws PipelineError INPUT_INVALID if there is no terminal to ask on, or the answer is no. */
async function confirm(question: string, signal: AbortSignal): Promise<void> {
  if (!isInteractive()) {
    throw new PipelineError(
      'INPUT_INVALID',
      'There is no terminal to ask for confirmation: erase with --yes.',
    );
  }
  if (!/^y(es)?$/i.test(await ask(`${question} [y/N] `, signal))) {
    throw new PipelineError('INPUT_INVALID', 'Nothing was erased.');
  }
}
