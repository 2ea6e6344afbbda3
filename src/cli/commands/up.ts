import { once } from 'node:events';
import { type Command, Option } from 'commander';
import { readEnvironment } from '../../config/read-environment.ts';
import { loadConfig } from '../../process/load-config.ts';
import { stopSignal } from '../../process/run-main.ts';
import { addExamples } from '../command-parts.ts';
import { startStack } from '../stack/stack.ts';
import { show, warn, write } from '../terminal/output.ts';

const ROLES = {
  api: '../../api/main.ts',
  io: '../../workers/io-main.ts',
  gpu: '../../workers/gpu-main.ts',
};
type Role = keyof typeof ROLES;

export function addUpCommand(program: Command): void {
  const command = program
    .command('up')
    .summary('run the server on this machine')
    .description(
      'Runs the API, the workers and, unless TEMPORAL_ADDRESS is set, a Temporal server until Ctrl-C. Restarts a process that dies. Reads settings from the environment and from .env.',
    )
    .addOption(new Option('--role <role>', 'run only this part, in this process').choices(Object.keys(ROLES)))
    .action(async ({ role }: { role?: Role }) => {
      if (role) {
        await import(ROLES[role]);
      } else {
        await up();
      }
    });
  addExamples(command, ['limelight up', 'limelight up --role gpu']);
}

async function up(): Promise<void> {
  const environment = readEnvironment();
  const config = loadConfig(environment);
  const signal = stopSignal();
  const startedAt = Date.now();
  write('Starting the API, the workers and Temporal …');
  await using stack = await startStack({ config, environment, onWarning: warn, signal });
  show({ api: stack.apiUrl, web_ui: stack.webUiUrl ?? null, storage: config.storage.root }, () => []);
  write(`Ready in ${((Date.now() - startedAt) / 1000).toFixed(1)} s. Stop with Ctrl-C.`);
  write(`  API      ${stack.apiUrl}`);
  if (stack.webUiUrl) {
    write(`  Web UI   ${stack.webUiUrl}  (every task, step by step)`);
  }
  write(`  Storage  ${config.storage.root}  (logs in logs/)`);
  // A closing terminal sends SIGHUP too, and then it must end the process as usual.
  if (!process.stdin.isTTY) {
    process.on('SIGHUP', () => stack.reload(readEnvironment));
  }
  const end = AbortSignal.any([signal, stack.refused]);
  if (!end.aborted) {
    await once(end, 'abort');
  }
  write('Stopping: finishing running work or handing it back …');
  stack.refused.throwIfAborted();
}
