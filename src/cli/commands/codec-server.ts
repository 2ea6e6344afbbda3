import { once } from 'node:events';
import type { Command } from 'commander';
import { readEnvironment } from '../../config/read-environment.ts';
import { CODEC_SERVER_PORT } from '../../config/temporal-variables.ts';
import { PipelineError } from '../../errors.ts';
import { isLoopback } from '../../outbound/networks.ts';
import { loadConfig } from '../../process/load-config.ts';
import { stopSignal } from '../../process/run-main.ts';
import { addExamples, toWholeNumber } from '../command-parts.ts';
import { assertPortFree } from '../stack/assert-port-free.ts';
import { show, warn, write } from '../terminal/output.ts';

export function addCodecServerCommand(program: Command): void {
  const command = program
    .command('codec-server')
    .summary("decrypt payloads for Temporal's Web UI and CLI")
    .description(
      "Decrypts what Temporal stores, for its Web UI and its CLI, with TEMPORAL_PAYLOAD_KEYS. Callers need an API key with the scope admin: the CLI sends it with --codec-auth, the Web UI's user signs in on the page of the server. Runs until Ctrl-C.",
    )
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--port <port>', 'port to listen on', toWholeNumber, CODEC_SERVER_PORT)
    .action(serve);
  addExamples(command, ['limelight codec-server', 'limelight codec-server --port 9000']);
}

async function serve({ host, port }: { host: string; port: number }): Promise<void> {
  const [
    { openStore },
    { createApiKeys },
    { createKeyring },
    { startCodecServer },
    { createPayloadCodec, toKeyId },
  ] = await Promise.all([
    import('../../storage/open-store.ts'),
    import('../../storage/api-keys.ts'),
    import('../../storage/keyring.ts'),
    import('../../temporal/codec-server.ts'),
    import('../../temporal/payload-codec.ts'),
  ]);
  const { storage, temporal } = loadConfig(readEnvironment());
  const { payloadKeys, webUiUrl } = temporal;
  if (payloadKeys.length === 0) {
    throw new PipelineError(
      'CONFIG_INVALID',
      'TEMPORAL_PAYLOAD_KEYS: expected keys, without which nothing is encrypted',
    );
  }
  const signal = stopSignal();
  await assertPortFree(port, '--port', host);
  using store = openStore(storage);
  // A revoked key reads nothing more.
  const keyring = createKeyring({ keys: createApiKeys({ store }), maxAgeMs: 0 });
  await using server = await startCodecServer({
    codec: createPayloadCodec(payloadKeys),
    isAllowed: async (secret) => (await keyring.find(secret))?.scopes.includes('admin') ?? false,
    origin: webUiUrl && new URL(webUiUrl).origin,
    host,
    port,
  });
  show({ url: server.url, web_ui: webUiUrl ?? null, keys: payloadKeys.map(toKeyId) }, () => []);
  write(`Decrypting at ${server.url} with ${payloadKeys.map(toKeyId).join(', ')}. Stop with Ctrl-C.`);
  if (webUiUrl) {
    write(`  Web UI   sign in at ${server.url}, then open ${webUiUrl}`);
  }
  write(`  CLI      temporal … --codec-endpoint ${server.url} --codec-auth "Bearer $LIMELIGHT_KEY"`);
  if (!isLoopback(host)) {
    warn(`Other machines can reach ${host}: put a proxy with TLS in front`);
  }
  if (!signal.aborted) {
    await once(signal, 'abort');
  }
}
