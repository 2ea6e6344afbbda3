import type { Client } from '@temporalio/client';
import { QUEUES } from '../contracts/queues.ts';
import { DeliveryMemo, type WebhookMessage } from '../contracts/schemas/webhook.ts';
import { SEARCH_ATTRIBUTES } from '../contracts/search-attributes.ts';
import {
  DELIVER_WEBHOOK,
  SEND_NOW_SIGNAL,
  toDeliveryId,
  toDeliveryWorkflowId,
} from '../contracts/webhook.ts';
import { isFailure, PipelineError } from '../errors.ts';
import type { Delivery, DeliveryClient, DeliveryQuery } from '../ports/webhooks.ts';
import { readPayload } from './decode-payloads.ts';
import type { ListedExecution } from './list-executions.ts';
import { readPage, toCursor } from './page-cursor.ts';
import { toIso, toMs } from './proto-time.ts';
import { readMemo } from './read-memo.ts';
import { KEY, OUTCOME, TASK_ID } from './search-attribute-keys.ts';
import { callTemporal } from './temporal-error.ts';

/** `DeliveryClient` over a Temporal client. */
export function createTemporalDeliveries({ client }: { client: Client }): DeliveryClient {
  const { workflow, connection } = client;
  const { namespace } = client.options;

  const call = <T>(work: () => Promise<T>) => callTemporal(client, work);

  async function describe(id: string, owner: string | undefined) {
    const handle = workflow.getHandle(toDeliveryWorkflowId(id));
    const notFound = new PipelineError('DELIVERY_NOT_FOUND', `There is no delivery ${id}.`);
    const description = await call(() => handle.describe()).catch((error) => {
      throw isFailure(error, 'TASK_NOT_FOUND') ? notFound : error;
    });
    if (description.type !== DELIVER_WEBHOOK) {
      throw notFound;
    }
    const memo = readMemo(DeliveryMemo, description.memo);
    if (owner !== undefined && memo.owner !== owner) {
      throw notFound;
    }
    return { handle, memo, isRunning: description.status.name === 'RUNNING' };
  }

  async function readMessage(workflowId: string): Promise<WebhookMessage> {
    const { history } = await call(() =>
      connection.workflowService.getWorkflowExecutionHistory({
        namespace,
        execution: { workflowId },
        maximumPageSize: 1,
      }),
    );
    const input = history?.events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads?.[0];
    return readPayload<WebhookMessage>(client, input!);
  }

  return {
    async list({ limit, cursor, ...query }) {
      const { executions, nextPageToken } = await readPage('deliveries', cursor, (token) =>
        call(() =>
          connection.workflowService.listWorkflowExecutions({
            namespace,
            pageSize: limit,
            query: toVisibilityQuery(query),
            nextPageToken: token,
          }),
        ),
      );
      return {
        deliveries: await toDeliveries(client, executions ?? []),
        ...(nextPageToken?.length && { cursor: toCursor('deliveries', nextPageToken) }),
      };
    },

    async send(id, owner) {
      const { handle, memo, isRunning } = await describe(id, owner);
      if (isRunning) {
        await call(() => handle.signal(SEND_NOW_SIGNAL));
        return;
      }
      const message = await readMessage(handle.workflowId);
      await call(() =>
        workflow.start(DELIVER_WEBHOOK, {
          workflowId: handle.workflowId,
          workflowIdReusePolicy: 'ALLOW_DUPLICATE',
          workflowIdConflictPolicy: 'USE_EXISTING',
          taskQueue: QUEUES.pipeline,
          args: [{ ...message, isByHand: true }],
          memo: { ...memo, state: 'pending', attempts: [] },
          typedSearchAttributes: [
            { key: TASK_ID, value: memo.taskId },
            { key: OUTCOME, value: 'pending' },
            ...(memo.owner === undefined ? [] : [{ key: KEY, value: memo.owner }]),
          ],
          staticSummary: `Webhook ${memo.type} of ${memo.taskId}, again`,
        }),
      );
    },
  };
}

/** The values are a key's name, a UUID and a word. None contains a quote. */
function toVisibilityQuery({ owner, taskId, state }: Omit<DeliveryQuery, 'limit' | 'cursor'>): string {
  return [
    `WorkflowType="${DELIVER_WEBHOOK}"`,
    ...(owner === undefined ? [] : [`${SEARCH_ATTRIBUTES.key}="${owner}"`]),
    ...(taskId === undefined ? [] : [`${SEARCH_ATTRIBUTES.taskId}="${taskId}"`]),
    ...(state === undefined ? [] : [`${SEARCH_ATTRIBUTES.outcome}="${state}"`]),
  ].join(' AND ');
}

/** Without those whose key is missing. */
async function toDeliveries(client: Client, executions: ListedExecution[]): Promise<Delivery[]> {
  const found = await Promise.all(
    executions.map((info) =>
      toDelivery(client, info).catch((error) => {
        if (!isFailure(error, 'CONFIG_INVALID')) throw error;
      }),
    ),
  );
  return found.filter((delivery) => delivery !== undefined);
}

async function toDelivery(
  client: Client,
  { execution, memo, startTime }: ListedExecution,
): Promise<Delivery> {
  const facts = Object.entries(memo?.fields ?? {}).map(async ([name, payload]) => [
    name,
    await readPayload(client, payload),
  ]);
  return {
    ...readMemo(DeliveryMemo, Object.fromEntries(await Promise.all(facts))),
    id: toDeliveryId(execution?.workflowId ?? ''),
    createdAt: toIso(toMs(startTime)),
  };
}
