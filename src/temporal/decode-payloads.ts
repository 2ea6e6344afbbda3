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

/**
 * What the SDK hands out as Temporal stores it: payloads in histories, in descriptions and in lists, which the codec of the
 * client must decode before the payload converter reads them.
 */

/** The events of an execution, decoded. */
export async function fetchEvents(
  client: WithCodec,
  handle: Pick<WorkflowHandle, 'fetchHistory'>,
): Promise<HistoryEvent[]> {
  const { history } = await decodeHistory(client, { history: await handle.fetchHistory() });
  return history?.events ?? [];
}

/** Decodes a page of a history in place. */
export async function decodeHistory<Page extends HistoryResponse>(
  client: WithCodec,
  page: Page,
): Promise<Page> {
  await visit(page as HistoryResponse, walkGetWorkflowExecutionHistoryResponse, toVisitor(client));
  return page;
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
    // Neither is encoded.
    skipHeaders: true,
    skipSearchAttributes: true,
  };
}
