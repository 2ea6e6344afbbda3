import { once } from 'node:events';
import type { Command } from 'commander';
import { stopSignal } from '../../process/run-main.ts';
import { addExamples } from '../add-examples.ts';
import { show, write } from '../terminal/output.ts';
import { toWholeNumber } from '../whole-number.ts';

interface EmulatorCommandOptions {
  port: number;
  key: string;
  credits: number;
  webhooksTo?: string;
  faults?: number;
  answers?: string;
}

export function addEmulatorCommand(program: Command): void {
  const command = program
    .command('emulator')
    .summary('run a D-ID that costs nothing')
    .description(
      "Answers as D-ID's API does, makes real videos with the voice and a still picture, and counts what they would have cost. Its page shows what it holds.",
    )
    .option('--port <port>', 'where it listens', toWholeNumber, 55_440)
    .option('--key <key>', 'the API key that it takes', 'emulator:emulator')
    .option('--credits <count>', 'what the account has', toWholeNumber, 1_000)
    .option('--webhooks-to <origin>', 'where webhooks go in place of their https address')
    .option('--faults <seed>', 'answer with random faults; the same seed gives the same ones', toWholeNumber)
    .option('--answers <call=status,…>', 'answer the next calls like this, then as ever; "ok" lets one pass')
    .action(emulate);
  addExamples(command, [
    'limelight emulator',
    'limelight emulator --credits 3 --faults 7',
    'limelight emulator --answers "createTalk=504,429 readTalk=503,ok,503"',
  ]);
}

async function emulate({
  port,
  key,
  credits,
  webhooksTo,
  faults,
  answers,
}: EmulatorCommandOptions): Promise<void> {
  const { NO_FAULTS } = await import('../../../emulators/d-id/faults.ts');
  const { toldFaults } = await import('../emulator/parse-fault-script.ts');
  const { seededFaults } = await import('../../../emulators/d-id/seeded-faults.ts');
  const { startEmulator } = await import('../../../emulators/d-id/start-emulator.ts');
  const told = answers === undefined ? NO_FAULTS : toldFaults(answers);
  const random = faults === undefined ? NO_FAULTS : seededFaults(faults);
  const signal = stopSignal();
  await using emulator = await startEmulator({ port, ...(webhooksTo && { webhookOrigin: webhooksTo }) });
  emulator.open({ apiKey: key, credits, faults: (call) => told(call) ?? random(call) });
  show({ url: emulator.url, key }, () => []);
  write(`D-ID emulator, until Ctrl-C. What it holds: ${emulator.url}`);
  write(`  Limelight with it: D_ID_API_URL=${emulator.url} D_ID_API_KEY=${key} npm start`);
  if (!signal.aborted) {
    await once(signal, 'abort');
  }
}
