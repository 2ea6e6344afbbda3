import {
  CancellationScope,
  ChildWorkflowCancellationType,
  log,
  ParentClosePolicy,
  startChild,
  uuid4,
} from '@temporalio/workflow';
import { QUEUES } from '../../contracts/queues.ts';
import type { JobInput } from '../../contracts/schemas/job.ts';
import type { StageEvent } from '../../contracts/schemas/stage-event.ts';
import type { DeliveryMemo, WebhookMessage, WebhookType } from '../../contracts/schemas/webhook.ts';
import { isTerminal } from '../../contracts/stages.ts';
import { DELIVER_WEBHOOK, toDeliveryWorkflowId } from '../../contracts/webhook.ts';
import { ignoreFailure } from '../ignore-failure.ts';
import { KEY, OUTCOME, TASK_ID } from '../search-attributes.ts';

const ENDS: Partial<Record<StageEvent['data']['stage'], WebhookType>> = {
  COMPLETED: 'task.completed',
  FAILED: 'task.failed',
  CANCELLED: 'task.cancelled',
};

/** The webhooks of a job. Each is delivered by a workflow of its own, which may outlive the job by days. */
export class WebhookOutbox {
  readonly #input: JobInput;
  readonly #started: Array<Promise<unknown>> = [];

  constructor(input: JobInput) {
    this.#input = input;
  }

  /** Starts a delivery in the background, if the job has a webhook for this event. */
  send(event: StageEvent): void {
    const { webhook } = this.#input;
    if (webhook && (webhook.events === 'all' || isTerminal(event.data.stage))) {
      const started = CancellationScope.nonCancellable(() => this.#start(webhook.url, event));
      void ignoreFailure(started, '`flush` logs the failure');
      this.#started.push(started);
    }
  }

  /** Await it before the job ends: Temporal drops children that have not started by then. */
  async flush(): Promise<void> {
    await CancellationScope.nonCancellable(async () => {
      for (const started of await Promise.allSettled(this.#started)) {
        if (started.status === 'rejected') {
          log.error('A webhook could not be started', { error: started.reason });
        }
      }
    });
  }

  async #start(url: string, event: StageEvent): Promise<void> {
    const { taskId, owner } = this.#input;
    const type = ENDS[event.data.stage] ?? 'task.updated';
    const message: WebhookMessage = {
      id: `msg_${uuid4().replaceAll('-', '')}`,
      taskId,
      ...(owner !== undefined && { owner }),
      url,
      type,
      event,
    };
    const memo: DeliveryMemo = {
      taskId,
      ...(owner !== undefined && { owner }),
      url,
      type,
      state: 'pending',
      attempts: [],
    };
    await startChild(DELIVER_WEBHOOK, {
      workflowId: toDeliveryWorkflowId(message.id),
      taskQueue: QUEUES.pipeline,
      args: [message],
      parentClosePolicy: ParentClosePolicy.ABANDON,
      cancellationType: ChildWorkflowCancellationType.ABANDON,
      memo: { ...memo },
      typedSearchAttributes: [
        { key: TASK_ID, value: taskId },
        { key: OUTCOME, value: 'pending' },
        ...(owner === undefined ? [] : [{ key: KEY, value: owner }]),
      ],
      staticSummary: `Webhook ${type} of ${taskId}`,
    });
  }
}
