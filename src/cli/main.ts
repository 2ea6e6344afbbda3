#!/usr/bin/env node
/** The `limelight` command. */
import process from 'node:process';
import { createProgram } from './program.ts';
import { runCommand } from './run-command.ts';

process.exitCode = await runCommand(createProgram(), process.argv.slice(2));
