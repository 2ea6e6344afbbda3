#!/usr/bin/env node
/** The `limelight` command. */
import { enableCompileCache } from 'node:module';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { keepFilesPrivate } from '../process/private-files.ts';

keepFilesPrivate();
// Node keeps compiled code there, which saves a third of the CPU time of a start. Child processes are given the folder. If
// it cannot be written, Node does without.
enableCompileCache(fileURLToPath(new URL('../../node_modules/.cache/limelight/compile', import.meta.url)));
const { createProgram } = await import('./program.ts');
const { runCommand } = await import('./run-command.ts');

process.exitCode = await runCommand(createProgram(), process.argv.slice(2));
