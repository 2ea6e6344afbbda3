import type { Client } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import type proto from '@temporalio/proto';

export type ListedExecution = proto.temporal.api.workflow.v1.IWorkflowExecutionInfo;

/** Temporal returns at most this many executions at once. */
const MAX_PER_CALL = 1_000;

/**
 * Executions as Temporal's visibility has them. Unlike `client.workflow.list`, it decodes no memo: thousands of them take
 * long, and one whose key is missing must not hide the others.
 * @param max how many executions to list. Default: all.
 */
export async function* listExecutions(
  client: Pick<Client, 'workflowService' | 'options'>,
  query: string,
  max = Number.POSITIVE_INFINITY,
): AsyncGenerator<ListedExecution, void> {
  const { namespace } = client.options;
  let left = max;
  let nextPageToken: Uint8Array = new Uint8Array();
  do {
    const page = await client.workflowService.listWorkflowExecutions({
      namespace,
      pageSize: Math.min(left, MAX_PER_CALL),
      query,
      nextPageToken,
    });
    const executions = (page.executions ?? []).slice(0, left);
    yield* executions;
    left -= executions.length;
    nextPageToken = page.nextPageToken;
  } while (left > 0 && nextPageToken.length > 0);
}

/** The values of a search attribute. They are not encoded. */
export function readAttributes({ searchAttributes }: ListedExecution, name: string): string[] {
  const payload = searchAttributes?.indexedFields?.[name];
  const value = payload && defaultPayloadConverter.fromPayload<string | string[]>(payload);
  return value === undefined ? [] : [value].flat();
}
