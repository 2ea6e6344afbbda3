import { once } from 'node:events';
import type { Command } from 'commander';
import { stopSignal } from '../../process/run-main.ts';
import { addExamples, toWholeNumber } from '../command-parts.ts';
import { show, write } from '../terminal/output.ts';

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
    .summary('run a free stand-in for D-ID')
    .description(
      "Emulates D-ID's API: makes playable videos of the voice and a still picture, and counts the credits they would have cost. Its page lists its talks and files.",
    )
    .option('--port <port>', 'port to listen on', toWholeNumber, 55_440)
    .option('--key <key>', 'the API key it accepts', 'emulator:emulator')
    .option('--credits <count>', 'credits in the account', toWholeNumber, 1_000)
    .option('--webhooks-to <origin>', 'send webhooks to this origin instead of their https address')
    .option('--faults <seed>', 'fail at random; the same seed gives the same failures', toWholeNumber)
    .option(
      '--answers <call=status,…>',
      'answer the next calls with these statuses, then normally; "ok" lets one pass',
    )
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
  const { parseFaultScript } = await import('../parse-fault-script.ts');
  const { seededFaults } = await import('../../../emulators/d-id/seeded-faults.ts');
  const { startEmulator } = await import('../../../emulators/d-id/start-emulator.ts');
  const scripted = answers === undefined ? NO_FAULTS : parseFaultScript(answers);
  const random = faults === undefined ? NO_FAULTS : seededFaults(faults);
  const signal = stopSignal();
  await using emulator = await startEmulator({ port, ...(webhooksTo && { webhookOrigin: webhooksTo }) });
  emulator.open({ apiKey: key, credits, faults: (call) => scripted(call) ?? random(call) });
  show({ url: emulator.url, key }, () => []);
  write(`D-ID emulator at ${emulator.url}. Stop with Ctrl-C.`);
  write(`  To use it: D_ID_API_URL=${emulator.url} D_ID_API_KEY=${key} npm start`);
  if (!signal.aborted) {
    await once(signal, 'abort');
  }
}
