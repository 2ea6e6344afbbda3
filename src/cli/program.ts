import { Command } from 'commander';
import { VERSION } from '../config/version.ts';
import { addBenchCommand } from './commands/bench.ts';
import { addCancelCommand } from './commands/cancel.ts';
import { addCodecServerCommand } from './commands/codec-server.ts';
import { addCompletionCommand } from './commands/completion.ts';
import { addDemoCommand } from './commands/demo.ts';
import { addDoctorCommand } from './commands/doctor.ts';
import { addDownloadCommand } from './commands/download.ts';
import { addEmulatorCommand } from './commands/emulator.ts';
import { addEraseCommand } from './commands/erase.ts';
import { addGenerateCommand } from './commands/generate.ts';
import { addKeysCommand } from './commands/keys.ts';
import { addModelsCommand } from './commands/models.ts';
import { addPersonCommand } from './commands/person.ts';
import { addRetentionCommand } from './commands/retention.ts';
import { addRetryCommand } from './commands/retry.ts';
import { addStatusCommand } from './commands/status.ts';
import { addStorageCommand } from './commands/storage.ts';
import { addTasksCommand } from './commands/tasks.ts';
import { addTimelineCommand } from './commands/timeline.ts';
import { addUpCommand } from './commands/up.ts';
import { addWatchCommand } from './commands/watch.ts';
import { addWebhooksCommand } from './commands/webhooks.ts';
import { paint } from './terminal/paint.ts';

/** All commands, in the order of the help. Each is a file in `commands` and a line here. */
const COMMANDS: Record<string, ReadonlyArray<(program: Command) => void>> = {
  'Make videos:': [addDemoCommand, addUpCommand, addGenerateCommand],
  'Tasks:': [
    addTasksCommand,
    addStatusCommand,
    addWatchCommand,
    addTimelineCommand,
    addPersonCommand,
    addCancelCommand,
    addRetryCommand,
    addDownloadCommand,
    addEraseCommand,
  ],
  'The server:': [
    addDoctorCommand,
    addModelsCommand,
    addKeysCommand,
    addWebhooksCommand,
    addRetentionCommand,
    addStorageCommand,
    addCodecServerCommand,
  ],
  'More:': [addEmulatorCommand, addBenchCommand, addCompletionCommand],
};

export function createProgram(): Command {
  const program = new Command('limelight')
    .description('Turns a photo of a person and a voice recording into a talking video.')
    .version(VERSION, '--version', 'print the version')
    .option('--json', 'print results and errors as JSON, one object per line')
    .configureHelp({ showGlobalOptions: true, styleTitle: (title) => paint('strong', title) })
    // Errors are reported in one place, `report-error.ts`.
    .configureOutput({ outputError: () => {} })
    .exitOverride();
  for (const [heading, addCommands] of Object.entries(COMMANDS)) {
    program.commandsGroup(heading);
    for (const addCommand of addCommands) {
      addCommand(program);
    }
  }
  // Declared last, so that it is listed in the last group.
  program.helpCommand('help [command]', 'display help for a command');
  return program;
}
