import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Client } from '@temporalio/client';
import type { Config } from '../../config/config.ts';
import { ignoreFailure, isFailure } from '../../errors.ts';
import { isLoopback } from '../../outbound/networks.ts';
import { findTemporalBinary, TEMPORAL_PROGRAM } from '../../temporal/binary.ts';
import { connectClient, temporalAddress } from '../../temporal/connection.ts';
import { splitAddress } from '../../temporal/connection-refusal.ts';
import { findMissingSearchAttributes } from '../../temporal/missing-search-attributes.ts';
import { toKeyId } from '../../temporal/payload-codec.ts';
import { findKeysInUse } from '../../temporal/payload-keys-in-use.ts';
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

async function checkCluster(temporal: Config['temporal'], command: string): Promise<Result[]> {
  const { address, namespace } = temporal;
  const where = toFlags(temporal);
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
        ...checkEncryption(temporal),
        ...(await checkPayloadKeys(client, temporal)),
        ...(await findStuck(client, `${command} workflow show ${where}`)),
      ];
    } finally {
      await client.connection.close();
    }
  } catch (error) {
    return [
      fault(
        toSentence(error),
        isFailure(error, 'CONFIG_INVALID')
          ? "grep -B1 '^#TEMPORAL_' .env.example"
          : 'TEMPORAL_ADDRESS= npm start',
      ),
    ];
  }
}

/** Flags with which the CLI reaches the same cluster. It reads the rest, such as TEMPORAL_API_KEY, from the environment. */
function toFlags({ address, namespace, profile: { tls } }: Config['temporal']): string {
  const files = [
    ['--tls-ca-path', tls?.serverCACert],
    ['--tls-cert-path', tls?.clientCert],
    ['--tls-key-path', tls?.clientKey],
  ] as const;
  return [
    `--address ${address} --namespace ${namespace}`,
    ...(tls?.disabled === false ? ['--tls'] : []),
    ...files.flatMap(([flag, source]) => (source && 'path' in source ? [`${flag} ${source.path}`] : [])),
    ...(tls?.serverName ? [`--tls-server-name ${tls.serverName}`] : []),
  ].join(' ');
}

/** Whether the configured keys can decrypt the payloads of all running tasks. Lists the older ones that are still needed. */
async function checkPayloadKeys(client: Client, { payloadKeys }: Config['temporal']): Promise<Result[]> {
  const known = payloadKeys.map(toKeyId);
  const used = [...(await findKeysInUse(client))];
  const missing = used.filter(([id]) => !known.includes(id));
  const older = used.map(([id]) => id).filter((id) => id !== known[0] && known.includes(id));
  return [
    ...missing.map(([id, workflowId]) =>
      fault(
        `${workflowId} stands still: the key ${id} encrypted its payloads, which is not in TEMPORAL_PAYLOAD_KEYS`,
        "grep -B1 '^#TEMPORAL_PAYLOAD_KEYS=' .env.example",
      ),
    ),
    ...(known.length > 0
      ? [
          ok(
            `payloads are encrypted with the key ${known[0]}${older.length > 0 ? `; running tasks still need ${older.join(', ')}` : ''}`,
          ),
        ]
      : []),
  ];
}

/** Notes a connection to another machine that is not encrypted. */
function checkEncryption({ address, profile: { tls, apiKey } }: Config['temporal']): Result[] {
  const hasTls = tls ? !tls.disabled : apiKey !== undefined;
  return hasTls || isLoopback(splitAddress(address!).host)
    ? []
    : [note(`the connection to ${address} is not encrypted`, "grep -B1 '^#TEMPORAL_TLS' .env.example")];
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
    return [...(await findStuck(client, show)), ...(await checkPayloadKeys(client, temporal))];
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
