import { once } from 'node:events';
import { Argument, type Command } from 'commander';
import { stopSignal } from '../../process/run-main.ts';
import { PROVIDERS } from '../../providers/registry.ts';
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

const EMULATED = PROVIDERS.flatMap((provider) =>
  provider.kind === 'remote' && provider.emulator ? [{ ...provider, emulator: provider.emulator }] : [],
);

export function addEmulatorCommand(program: Command): void {
  const [first] = EMULATED;
  const command = program
    .command('emulator')
    .summary('run a free stand-in for a paid provider')
    .description(
      "Emulates the provider's API: makes playable videos of the voice and a still picture, with links that work for a day, and counts the credits they would have cost, of which failed talks are refunded. Its page lists its talks and files.",
    )
    .addArgument(
      new Argument('[provider]', 'the provider to stand in for')
        .choices(EMULATED.map(({ name }) => name))
        .default(first!.name),
    )
    .option('--port <port>', 'port to listen on', toWholeNumber, first!.emulator.defaultPort)
    .option('--key <key>', 'the API key it accepts', first!.emulator.defaultKey)
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

async function emulate(name: string, options: EmulatorCommandOptions): Promise<void> {
  const { label, emulator } = EMULATED.find((provider) => provider.name === name)!;
  const { port, key, credits, webhooksTo, faults, answers } = options;
  const signal = stopSignal();
  await using running = await emulator.start({ port, key, credits, webhooksTo, faultSeed: faults, answers });
  const { url } = running;
  const settings = Object.entries(emulator.toSettings({ url, key }));
  show({ url, key }, () => []);
  write(`${label} emulator at ${url}. Stop with Ctrl-C.`);
  write(`  To use it: ${settings.map(([variable, value]) => `${variable}=${value}`).join(' ')} npm start`);
  if (!signal.aborted) {
    await once(signal, 'abort');
  }
}
