/**
 * Reads what the SDK returns as Temporal stores it: payloads in histories, in descriptions and in lists, which the codec of
 * the client must decode before the payload converter reads them.
 */

import type { Client, WorkflowExecutionDescription, WorkflowHandle } from '@temporalio/client';
import type { Payload } from '@temporalio/common';
import {
  decode,
  visit,
  walkDescribeWorkflowExecutionResponse,
  walkGetWorkflowExecutionHistoryResponse,
} from '@temporalio/common/lib/internal-non-workflow/index.js';
import type proto from '@temporalio/proto';

type WithCodec = Pick<Client, 'options'>;
type HistoryEvent = proto.temporal.api.history.v1.IHistoryEvent;
type HistoryResponse = proto.temporal.api.workflowservice.v1.IGetWorkflowExecutionHistoryResponse;
type Description = proto.temporal.api.workflowservice.v1.IDescribeWorkflowExecutionResponse;

const NOT_ENCODED = { skipHeaders: true, skipSearchAttributes: true };

/** The events of an execution, decoded. */
export async function fetchEvents(
  client: WithCodec,
  handle: Pick<WorkflowHandle, 'fetchHistory'>,
): Promise<HistoryEvent[]> {
  const page: HistoryResponse = { history: await handle.fetchHistory() };
  await visit(page, walkGetWorkflowExecutionHistoryResponse, toVisitor(client));
  return page.history?.events ?? [];
}

/** The payloads of a history, not decoded. */
export async function listPayloads(history: HistoryResponse['history']): Promise<Payload[]> {
  const found: Payload[] = [];
  const add = (payload: Payload) => {
    found.push(payload);
    return payload;
  };
  await visit({ history }, walkGetWorkflowExecutionHistoryResponse, {
    transformPayloads: async (payloads) => payloads.map(add),
    transformPayload: async (payload) => add(payload),
    ...NOT_ENCODED,
  });
  return found;
}

/** The activities of an execution that have not ended, decoded. */
export async function decodePending(client: WithCodec, { raw }: Pick<WorkflowExecutionDescription, 'raw'>) {
  const { pendingActivities } = raw;
  const part: Description = { pendingActivities };
  await visit(part, walkDescribeWorkflowExecutionResponse, toVisitor(client));
  return part.pendingActivities ?? [];
}

/** The value of one payload. */
export async function readPayload<T>({ options }: WithCodec, payload: Payload): Promise<T> {
  const { payloadCodecs, payloadConverter } = options.loadedDataConverter;
  const [decoded] = await decode(payloadCodecs, [payload]);
  return payloadConverter.fromPayload<T>(decoded!);
}

function toVisitor({ options }: WithCodec) {
  const { payloadCodecs } = options.loadedDataConverter;
  return {
    transformPayloads: (payloads: Payload[]) => decode(payloadCodecs, payloads),
    transformPayload: async (payload: Payload) => (await decode(payloadCodecs, [payload]))[0]!,
    ...NOT_ENCODED,
  };
}
