import type { Client } from '@temporalio/client';
import { listPayloads } from './decode-payloads.ts';
import { listExecutions } from './list-executions.ts';
import { keyIdOf } from './payload-codec.ts';
import { unlessMissing } from './temporal-error.ts';

const MAX_EXECUTIONS = 200;

/**
 * The ids of the keys that running executions need to continue, each with one execution that needs it. Looks at 200 of
 * them at most.
 */
export async function findKeysInUse(client: Client): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for await (const { execution } of listExecutions(client, "ExecutionStatus = 'Running'", MAX_EXECUTIONS)) {
    const { workflowId, runId } = execution!;
    const history = await unlessMissing(() => client.workflow.getHandle(workflowId!, runId!).fetchHistory());
    for (const payload of await listPayloads(history)) {
      const id = keyIdOf(payload);
      if (id !== undefined) found.set(id, workflowId!);
    }
  }
  return found;
}
