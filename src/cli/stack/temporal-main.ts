/** Entry point of the embedded Temporal server as a supervised process. */
import { once } from 'node:events';
import { join } from 'node:path';
import { readEnvironment } from '../../config/read-environment.ts';
import { PipelineError } from '../../errors.ts';
import { loadConfig } from '../../process/load-config.ts';
import { runMain } from '../../process/run-main.ts';
import { createLogger } from '../../telemetry/logger.ts';
import { findTemporalBinary } from '../../temporal/binary.ts';
import { startDevServer } from '../../temporal/dev-server.ts';
import { assertPortFree } from './assert-port-free.ts';
import { freePort } from './free-port.ts';
import { endLeftover, rememberProcess } from './leftover-process.ts';
import { pickHiddenAddress, startWebUiProxy } from './web-ui-proxy.ts';

const environment = readEnvironment();
const config = loadConfig(environment);
// The server has no settings to reload, and by default the signal would end it.
process.on('SIGHUP', () => {});
const { embedded, payloadKeys, codecEndpoint } = config.temporal;
const { port, uiPort } = embedded;

await runMain(createLogger('temporal', config.log), async (signal) => {
  const binary = findTemporalBinary(environment);
  const dir = join(config.storage.root, 'temporal');
  const pidFile = join(dir, 'server.pid');
  await endLeftover(pidFile, dir);
  await assertPortFree(port, 'TEMPORAL_PORT');
  if (uiPort !== undefined) {
    await assertPortFree(uiPort, 'TEMPORAL_UI_PORT');
  }
  const ui = uiPort === undefined ? undefined : { host: pickHiddenAddress(), port: await freePort() };
  // The server's lines go straight to the log file, whatever the log level.
  await using server = await startDevServer({
    binary,
    dir,
    port,
    ui,
    log: process.stdout,
  });
  await rememberProcess(pidFile, server.process.pid!);
  await using _proxy =
    ui && (await startWebUiProxy(uiPort!, ui, payloadKeys.length > 0 ? codecEndpoint : undefined));
  const stopped = signal.aborted ? undefined : once(signal, 'abort');
  await Promise.race([once(server.process, 'exit'), stopped]);
  if (!signal.aborted) {
    throw new PipelineError('TEMPORAL_UNAVAILABLE', 'The Temporal server ended by itself');
  }
});
