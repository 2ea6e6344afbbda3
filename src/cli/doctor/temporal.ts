import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Client } from '@temporalio/client';
import type { Config } from '../../config/config.ts';
import { ignoreFailure } from '../../errors.ts';
import { findTemporalBinary, TEMPORAL_PROGRAM } from '../../temporal/binary.ts';
import { connectClient, temporalAddress } from '../../temporal/connection.ts';
import { findMissingSearchAttributes } from '../../temporal/missing-search-attributes.ts';
import { listStuckWorkflows } from '../../temporal/stuck-workflows.ts';
import { type Check, fault, note, ok, type Result, toSentence } from './finding.ts';

const CONNECT_TIMEOUT_MS = 2_000;

/**
 * The configured cluster has the namespace and its search attributes, or the program of the embedded server runs. No
 * workflow is stuck.
 */
export const checkTemporal: Check = async ({ environment, config, signal }) => {
  return config.temporal.address
    ? checkCluster(config.temporal, toCommand(environment))
    : [await checkProgram(environment, signal), ...(await checkEmbedded(config.temporal, environment))];
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
): Promise<Result[]> {
  const { address, namespace } = temporal;
  const where = `--address ${address} --namespace ${namespace}`;
  try {
    const client = await connectClient(temporal, CONNECT_TIMEOUT_MS);
    try {
      if (!(await hasNamespace(client, namespace))) {
        return [
          fault(
            `${address} responds, but has no namespace ${namespace}`,
            `${command} operator namespace create ${where}`,
          ),
        ];
      }
      const missing = await findMissingSearchAttributes(client, namespace);
      if (missing.length > 0) {
        return [
          fault(
            `the namespace ${namespace} at ${address} lacks the search attributes ${missing.map(({ name }) => name).join(', ')}, without which no task starts`,
            `${command} operator search-attribute create ${where} ${missing.map(({ name, type }) => `--name ${name} --type ${type}`).join(' ')}`,
          ),
        ];
      }
      return [
        ok(`${address} responds and has the namespace ${namespace} with its search attributes`),
        ...(await findStuck(client, `${command} workflow show ${where}`)),
      ];
    } finally {
      await client.connection.close();
    }
  } catch (error) {
    return [fault(toSentence(error), 'TEMPORAL_ADDRESS= npm start')];
  }
}

/** The embedded server is checked if it runs. */
async function checkEmbedded(
  temporal: Config['temporal'],
  environment: Record<string, string | undefined>,
): Promise<Result[]> {
  const client = await ignoreFailure(
    connectClient(temporal, 0),
    'a server that is stopped has nothing stuck',
  );
  if (!client) {
    return [];
  }
  try {
    const show = `${toCommand(environment)} workflow show --address ${temporalAddress(temporal)}`;
    return await findStuck(client, show);
  } finally {
    await client.connection.close();
  }
}

/** @param show the command that prints the history of a workflow, without its id */
async function findStuck(client: Client, show: string): Promise<Result[]> {
  const stuck = await listStuckWorkflows(client);
  return stuck.map(({ workflowId, type, cause, startedAt }) =>
    fault(
      `${workflowId} (${type}, started ${startedAt.toISOString()}) stands still: its code fails each time it runs (${cause})`,
      `${show} --workflow-id ${workflowId}`,
    ),
  );
}

async function hasNamespace({ connection }: Client, namespace: string): Promise<boolean> {
  return connection.workflowService.describeNamespace({ namespace }).then(
    () => true,
    () => false,
  );
}
