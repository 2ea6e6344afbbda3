import process from 'node:process';
import type { Command } from 'commander';
import { readEnvironment } from '../../config/read-environment.ts';
import { stopSignal } from '../../process/run-main.ts';
import { addExamples } from '../command-parts.ts';
import type { Finding } from '../doctor/finding.ts';
import { EXIT_CODES } from '../exit-code.ts';
import { show, write } from '../terminal/output.ts';
import { type Meaning, paint } from '../terminal/paint.ts';

export function addDoctorCommand(program: Command): void {
  const command = program
    .command('doctor')
    .summary('check this machine, suggest fixes')
    .description(
      'Checks settings, setup, Temporal, models, GPU, disk, ports, access and provider accounts, and changes nothing. Prints a command that fixes each problem. Exits with code 1 if it finds any.',
    )
    .action(doctor);
  addExamples(command, [
    'limelight doctor',
    'limelight doctor --json | jq \'.[] | select(.state == "fault")\'',
  ]);
}

async function doctor(): Promise<void> {
  const { examine } = await import('../doctor/examine.ts');
  const findings = await examine(readEnvironment(), stopSignal());
  show(findings, () => findings.flatMap(toLines));
  const faults = findings.filter(({ state }) => state === 'fault').length;
  write(faults === 0 ? 'No problems found.' : `${faults} ${faults === 1 ? 'problem' : 'problems'} found.`);
  process.exitCode = faults === 0 ? 0 : EXIT_CODES.failed[0];
}

const MEANING: Record<Finding['state'], Meaning> = { ok: 'good', note: 'doubtful', fault: 'bad' };

function toLines({ check, state, found, fix }: Finding): string[] {
  const line = `${paint(MEANING[state], state.padEnd(5))}  ${check.padEnd(8)}  ${found}`;
  return fix ? [line, `${' '.repeat(17)}→ ${paint('strong', fix)}`] : [line];
}
