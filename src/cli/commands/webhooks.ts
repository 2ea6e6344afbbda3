import type { Command } from 'commander';
import { readEnvironment } from '../../config/read-environment.ts';
import type { WebhookSecret, WebhookSecrets } from '../../ports/webhooks.ts';
import { loadConfig } from '../../process/load-config.ts';
import type { createTemporalDeliveries } from '../../temporal/temporal-deliveries.ts';
import { addExamples, toNumber } from '../command-parts.ts';
import { show, write } from '../terminal/output.ts';
import { toTable } from '../terminal/table.ts';

const MAX_SHOWN = 100;
const CONNECT_TIMEOUT_MS = 5_000;

export function addWebhooksCommand(program: Command): void {
  const webhooks = program
    .command('webhooks')
    .summary('list and resend webhooks')
    .description(
      'Manages the webhooks of the server that uses this storage and Temporal. A webhook is sent at once and, if it fails, again after 5 s, 5 and 30 minutes, 2, 5, 10, 14, 20 and 24 hours.',
    );
  const listing = webhooks
    .command('list')
    .description('list the latest deliveries and their attempts')
    .option('--key <name>', 'only tasks of this API key')
    .option('--task <id>', 'only this task')
    .option('--failed', 'only deliveries that were given up')
    .action(list);
  addExamples(listing, ['limelight webhooks list --failed', 'limelight webhooks list --key studio --json']);
  const sending = webhooks
    .command('send')
    .description('send a webhook again, or a waiting one now')
    .argument('<id>', 'id as shown by `list`; enables a disabled receiver if it accepts the webhook')
    .action(async (id: string) => {
      await withDeliveries((deliveries) => deliveries.send(id, undefined));
      show({ id, state: 'sending' }, () => []);
      write(`Sending ${id}.`);
    });
  addExamples(sending, ['limelight webhooks send msg_5f3c0f0e6f0b4f0c9d4a2b1c0d9e8f7a']);
  const reading = webhooks
    .command('secret')
    .description('show the secret that signs webhooks of an API key, or of tasks without a key')
    .option('--key <name>', 'name of the API key')
    .action(async ({ key }: { key?: string }) => {
      showSecrets(await withSecrets((secrets) => secrets.current(key)));
    });
  addExamples(reading, ['limelight webhooks secret --key studio']);
  const rotating = webhooks
    .command('rotate')
    .description('create a new secret; the old one also signs for a while')
    .option('--key <name>', 'name of the API key')
    .option('--overlap-hours <hours>', 'how long the old secret also signs', toNumber, 24)
    .action(async ({ key, overlapHours }: { key?: string; overlapHours: number }) => {
      showSecrets(await withSecrets((secrets) => secrets.rotate(key, overlapHours * 3_600_000)));
    });
  addExamples(rotating, ['limelight webhooks rotate --key studio --overlap-hours 48']);
}

const COLUMNS = ['id', 'since', 'state', 'type', 'attempts', 'last', 'next', 'url'].map((title) => ({
  title,
}));

async function list(flags: { key?: string; task?: string; failed?: boolean }): Promise<void> {
  const { deliveries } = await withDeliveries((client) =>
    client.list({
      limit: MAX_SHOWN,
      ...(flags.key && { owner: flags.key }),
      ...(flags.task && { taskId: flags.task }),
      ...(flags.failed && { state: 'failed' as const }),
    }),
  );
  show(deliveries, () =>
    toTable(
      COLUMNS,
      deliveries.map(({ id, createdAt, state, type, attempts, nextAttemptAt, url }) => [
        id,
        createdAt.slice(0, 19),
        state,
        type,
        String(attempts.length),
        String(attempts.at(-1)?.status ?? attempts.at(-1)?.error ?? ''),
        nextAttemptAt?.slice(0, 19) ?? '',
        url,
      ]),
    ),
  );
  if (deliveries.length === 0) {
    write('No webhooks match.');
  }
}

function showSecrets(secrets: WebhookSecret[]): void {
  show(secrets, () =>
    secrets.map(({ secret, expires_at }) => (expires_at ? `${secret}  until ${expires_at}` : secret)),
  );
}

async function withDeliveries<T>(
  use: (deliveries: ReturnType<typeof createTemporalDeliveries>) => Promise<T>,
): Promise<T> {
  const [{ connectClient }, { createTemporalDeliveries }] = await Promise.all([
    import('../../temporal/connection.ts'),
    import('../../temporal/temporal-deliveries.ts'),
  ]);
  const client = await connectClient(loadConfig(readEnvironment()).temporal, CONNECT_TIMEOUT_MS);
  try {
    return await use(createTemporalDeliveries({ client }));
  } finally {
    await client.connection.close();
  }
}

async function withSecrets<T>(use: (secrets: WebhookSecrets) => Promise<T>): Promise<T> {
  const [{ openStore }, { createWebhookSecrets }] = await Promise.all([
    import('../../storage/open-store.ts'),
    import('../../storage/webhook-secrets.ts'),
  ]);
  using store = openStore(loadConfig(readEnvironment()).storage);
  return await use(createWebhookSecrets({ store }));
}
