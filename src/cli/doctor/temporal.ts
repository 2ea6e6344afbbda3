import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Client } from '@temporalio/client';
import { findTemporalBinary, TEMPORAL_PROGRAM } from '../../temporal/binary.ts';
import { connectClient } from '../../temporal/connection.ts';
import { findMissingSearchAttributes } from '../../temporal/missing-search-attributes.ts';
import { type Check, fault, note, ok, type Result, toSentence } from './finding.ts';

const CONNECT_TIMEOUT_MS = 2_000;

/** The configured cluster has the namespace and its search attributes, or the program of the embedded server runs. */
export const checkTemporal: Check = async ({ environment, config, signal }) => {
  return [
    await (config.temporal.address
      ? checkCluster(config.temporal, toCommand(environment))
      : checkProgram(environment, signal)),
  ];
};

async function checkProgram(
  environment: Record<string, string | undefined>,
  signal: AbortSignal,
): Promise<Result> {
  try {
    const program = findTemporalBinary(environment);
    const { stdout } = await promisify(execFile)(program, ['--version'], { signal });
    const found = `${stdout.trim()} at ${program}`;
    return program.endsWith(TEMPORAL_PROGRAM)
      ? ok(found)
      : note(`${found}; tested is ${TEMPORAL_PROGRAM}`, 'node scripts/setup.mjs');
  } catch (error) {
    return fault(toSentence(error), 'node scripts/setup.mjs');
  }
}

/** The CLI that the setup has installed, which is not on PATH. */
function toCommand(environment: Record<string, string | undefined>): string {
  try {
    return findTemporalBinary(environment);
  } catch {
    return 'temporal';
  }
}

async function checkCluster(
  temporal: Parameters<typeof connectClient>[0] & { namespace: string },
  command: string,
): Promise<Result> {
  const { address, namespace } = temporal;
  const where = `--address ${address} --namespace ${namespace}`;
  try {
    const client = await connectClient(temporal, CONNECT_TIMEOUT_MS);
    try {
      if (!(await hasNamespace(client, namespace))) {
        return fault(
          `${address} responds, but has no namespace ${namespace}`,
          `${command} operator namespace create ${where}`,
        );
      }
      const missing = await findMissingSearchAttributes(client, namespace);
      return missing.length > 0
        ? fault(
            `the namespace ${namespace} at ${address} lacks the search attributes ${missing.map(({ name }) => name).join(', ')}, without which no task starts`,
            `${command} operator search-attribute create ${where} ${missing.map(({ name, type }) => `--name ${name} --type ${type}`).join(' ')}`,
          )
        : ok(`${address} responds and has the namespace ${namespace} with its search attributes`);
    } finally {
      await client.connection.close();
    }
  } catch (error) {
    return fault(toSentence(error), 'TEMPORAL_ADDRESS= npm start');
  }
}

async function hasNamespace({ connection }: Client, namespace: string): Promise<boolean> {
  return connection.workflowService.describeNamespace({ namespace }).then(
    () => true,
    () => false,
  );
}
