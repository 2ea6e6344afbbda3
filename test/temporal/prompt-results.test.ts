import { Client, Connection, WorkflowFailedError } from '@temporalio/client';
import proto from '@temporalio/proto';
import { expect, it } from 'vitest';
import { createPayloadPlugin } from '../../src/temporal/payload-codec.ts';
import { withPromptResults } from '../../src/temporal/prompt-results.ts';
import { fileResources } from '../harness/file-resources.ts';
import { createHarness } from '../harness/pipeline-harness.ts';
import { openTestNamespace } from '../harness/temporal-server.ts';

const { HISTORY_EVENT_FILTER_TYPE_ALL_EVENT } = proto.temporal.api.enums.v1.HistoryEventFilterType;

const resources = fileResources();
const server = resources.use(await openTestNamespace());
const harness = resources.use(await createHarness(server));

/** A client, and the requests for histories that it sends. */
async function watchedClient() {
  const connection = await Connection.connect({
    address: server.address,
    plugins: [createPayloadPlugin(server.payloadKeys)],
  });
  resources.defer(() => connection.close());
  const { workflowService: service } = connection;
  const read = service.getWorkflowExecutionHistory.bind(service);
  const sent: proto.temporal.api.workflowservice.v1.IGetWorkflowExecutionHistoryRequest[] = [];
  service.getWorkflowExecutionHistory = ((request: (typeof sent)[number]) => {
    sent.push(request);
    return read(request);
  }) as typeof service.getWorkflowExecutionHistory;
  return {
    sent,
    client: new Client({ connection: withPromptResults(connection), namespace: server.namespace }),
  };
}

it('waits for the result of a workflow without the polls that Temporal may leave waiting after its end', async () => {
  const { client, sent } = await watchedClient();
  let early: Promise<unknown> | undefined;

  const { handle, outcome } = await harness.run(
    {},
    {
      async during(run) {
        early = client.workflow.getHandle(run.handle.workflowId).result();
      },
    },
  );

  expect(await early).toMatchObject({ success: true });
  expect(await early).toEqual((outcome as PromiseFulfilledResult<unknown>).value);
  // More than one page: it began to wait before the end.
  expect(sent.length).toBeGreaterThan(1);
  const late = await client.workflow.getHandle(handle.workflowId).result();
  expect(late).toEqual(await early);
  expect(sent.filter(({ waitNewEvent }) => !waitNewEvent)).toEqual([]);
  expect(new Set(sent.map(({ historyEventFilterType }) => historyEventFilterType))).toEqual(
    new Set([HISTORY_EVENT_FILTER_TYPE_ALL_EVENT]),
  );
});

it('rejects if the workflow fails', async () => {
  const { client } = await watchedClient();

  const { handle } = await harness.run({}, { job: { persons: 3 } });

  await expect(client.workflow.getHandle(handle.workflowId).result()).rejects.toThrow(WorkflowFailedError);
});
