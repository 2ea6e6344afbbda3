#!/usr/bin/env node
/** The `limelight` command. */
import process from 'node:process';
import { Command } from 'commander';
import { addDemoCommand } from './commands/demo.ts';
import { addEmulatorCommand } from './commands/emulator.ts';
import { addGenerateCommand } from './commands/generate.ts';
import { addKeysCommand } from './commands/keys.ts';
import { addModelsCommand } from './commands/models.ts';
import { addUpCommand } from './commands/up.ts';
import { write } from './output.ts';

const program = new Command('limelight')
  .description('A photo of a person and a recording of a voice become a talking video.')
  .showHelpAfterError('Try `limelight --help`.');
addDemoCommand(program);
addUpCommand(program);
addGenerateCommand(program);
addModelsCommand(program);
addKeysCommand(program);
addEmulatorCommand(program);

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof Error && error.name === 'AbortError') {
    process.exitCode = 130; // stopped by the person: there is nothing to explain
  } else {
    write(`error: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  }
}
