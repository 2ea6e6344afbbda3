import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { defaultPayloadConverter } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { createGateActivities } from '../../src/activities/provider-gate.ts';
import { toWorkflowId } from '../../src/contracts/messages.ts';
import {
  ANSWER_SIGNAL,
  BREAKER_QUERY,
  type GateAnswer,
  type GateReport,
  type GateState,
  type ProviderTerms,
  toBreakerId,
} from '../../src/contracts/provider-gate.ts';
import { QUEUES } from '../../src/contracts/queues.ts';
import { createWorkflowSignals } from '../../src/temporal/workflow-signals.ts';
import { fileResources } from '../harness/file-resources.ts';
import { startTestServer } from '../harness/temporal-server.ts';
import { startWorkers } from '../harness/workers.ts';

const MAX_EVENTS = 2_000;

const resources = fileResources();
const server = resources.use(
  await startTestServer({ 'limit.numPendingSignals.error': 5, 'limit.historyCount.error': MAX_EVENTS }),
);
const { workflow } = server.client;
const signals = createWorkflowSignals(server);
resources.use(await startWorkers(server, createGateActivities({ signals }), { queues: [QUEUES.pipeline] }));

const TERMS: ProviderTerms = {
  maxTalksInFlight: 10,
  talkTimeoutMs: 60_000,
  hasWebhook: false,
  timeScale: 1,
};

/** The breaker of a provider of its own, and jobs that no worker runs: what they receive stays in their histories. */
async function openLine(jobs: number, terms: Partial<ProviderTerms> = {}) {
  const provider = randomUUID();
  const ids = Array.from({ length: jobs }, () => toWorkflowId(randomUUID()));
  for (const workflowId of ids) {
    await workflow.start('idle', { workflowId, taskQueue: 'nobody' });
  }
  const breaker = workflow.getHandle(toBreakerId(provider));
  return {
    ids,
    ask: (workflowId: string) =>
      signals.sendToBreaker(provider, {
        kind: 'ask',
        workflowId,
        askedAt: Date.now(),
        terms: { ...TERMS, ...terms },
      }),
    report: (workflowId: string, outcome: GateReport['outcome']) =>
      signals.sendToBreaker(provider, { kind: 'report', workflowId, outcome }),
    state: () => breaker.query<GateState>(BREAKER_QUERY),
    /** Events of each run of the breaker. */
    async histories(): Promise<number[]> {
      const query = `WorkflowId = '${toBreakerId(provider)}'`;
      const runs = await Array.fromAsync(workflow.list({ query }));
      return Promise.all(
        runs.map(async ({ workflowId, runId }) => {
          const { historyLength } = await workflow.getHandle(workflowId, runId).describe();
          return historyLength;
        }),
      );
    },
  };
}

async function answersTo(workflowId: string): Promise<GateAnswer[]> {
  const { events } = await workflow.getHandle(workflowId).fetchHistory();
  const signals = events!.flatMap(({ workflowExecutionSignaledEventAttributes: signal }) => signal ?? []);
  expect(signals.map(({ signalName }) => signalName)).toEqual(signals.map(() => ANSWER_SIGNAL));
  return signals.map(({ input }) => defaultPayloadConverter.fromPayload(input!.payloads![1]!));
}

describe('the breaker of a provider', () => {
  it('continues as new again and again while 100 messages a second arrive, and loses no place', async () => {
    const line = await openLine(40);
    const left: Array<Promise<void>> = [];
    const leave = async (workflowId: string) => {
      await sleep(150);
      await line.report(workflowId, 'left');
    };
    const startedAt = performance.now();
    for (let sent = 0; sent < 500; sent += 1) {
      await sleep(Math.max(0, startedAt + sent * 20 - performance.now()));
      const workflowId = line.ids[sent % line.ids.length]!;
      left.push(line.ask(workflowId).then(() => leave(workflowId)));
    }
    await Promise.all(left);

    await expect.poll(line.state).toEqual({ talksInFlight: 0, waiting: 0 });
    // Temporal lists a run a moment after it began.
    await expect.poll(async () => (await line.histories()).length).toBeGreaterThan(1);
    const histories = await line.histories();
    expect(Math.max(...histories)).toBeLessThan(MAX_EVENTS);
    // Each job asked 12 or 13 times, and may have been told of a wait first.
    expect((await answersTo(line.ids[0]!)).length).toBeLessThan(30);
  });

  it('tells 300 jobs that the provider is out, with a few events in its history', async () => {
    const line = await openLine(300, { maxTalksInFlight: 1 });
    await Promise.all(line.ids.map(line.ask));
    for (let failures = 0; failures < 5; failures += 1) {
      await line.report(line.ids[failures]!, 'outage');
    }

    const last = async () => (await answersTo(line.ids.at(-1)!)).at(-1);
    await expect.poll(last).toMatchObject({ kind: 'held', reason: 'outage' });
    const histories = await line.histories();
    expect(Math.max(...histories)).toBeLessThan(100);
  });
});
