import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { findTemporalBinary } from '../../temporal/binary.ts';
import { connectClient } from '../../temporal/connection.ts';
import { type Check, fault, ok, type Result, toSentence } from './finding.ts';

const CONNECT_TIMEOUT_MS = 2_000;

/** The configured cluster responds and has the namespace, or the program of the embedded server runs. */
export const checkTemporal: Check = async ({ environment, config, signal }) => {
  return [
    await (config.temporal.address ? checkCluster(config.temporal) : checkProgram(environment, signal)),
  ];
};

async function checkProgram(
  environment: Record<string, string | undefined>,
  signal: AbortSignal,
): Promise<Result> {
  try {
    const program = findTemporalBinary(environment);
    const { stdout } = await promisify(execFile)(program, ['--version'], { signal });
    return ok(`${stdout.trim()} at ${program}`);
  } catch (error) {
    return fault(toSentence(error), 'node scripts/setup.mjs');
  }
}

async function checkCluster(temporal: {
  address: string | undefined;
  namespace: string;
  embedded: { port: number; uiPort: number };
  webUiUrl: string | undefined;
}): Promise<Result> {
  const { address, namespace } = temporal;
  try {
    const { connection } = await connectClient(temporal, CONNECT_TIMEOUT_MS);
    try {
      await connection.workflowService.describeNamespace({ namespace });
      return ok(`${address} responds and has the namespace ${namespace}`);
    } catch {
      return fault(
        `${address} responds, but has no namespace ${namespace}`,
        `temporal operator namespace create --address ${address} --namespace ${namespace}`,
      );
    } finally {
      await connection.close();
    }
  } catch (error) {
    return fault(toSentence(error), 'TEMPORAL_ADDRESS= npm start');
  }
}
