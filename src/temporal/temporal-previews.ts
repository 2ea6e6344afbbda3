import { type Client, WorkflowFailedError } from '@temporalio/client';
import { toLane } from '../contracts/lane.ts';
import { PREVIEW_PHOTO, toPreviewWorkflowId } from '../contracts/messages.ts';
import { QUEUES } from '../contracts/queues.ts';
import type { PreviewFacts, PreviewInput } from '../contracts/schemas/photo-preview.ts';
import { ignoreFailure, PipelineError } from '../errors.ts';
import type { PreviewClient } from '../ports/previews.ts';
import { callTemporal, toPipelineError, toWorkflowFailure } from './temporal-error.ts';

/** Longer than any of its activities may take. */
const TIMEOUT_MS = 45_000;
/** Every task goes first. */
const LOWEST_PRIORITY = 5;

/** `PreviewClient` over a Temporal client. */
export function createTemporalPreviews({ client }: { client: Client }): PreviewClient {
  return {
    async make(input, signal) {
      signal.throwIfAborted();
      const handle = await callTemporal(client, () =>
        client.workflow.start<(input: PreviewInput) => Promise<PreviewFacts>>(PREVIEW_PHOTO, {
          workflowId: toPreviewWorkflowId(input.previewId),
          taskQueue: QUEUES.pipeline,
          args: [input],
          priority: toLane(LOWEST_PRIORITY, input),
          staticSummary: 'Preview of a photo',
        }),
      );
      const timeout = AbortSignal.timeout(TIMEOUT_MS);
      try {
        return await client.withAbortSignal(AbortSignal.any([signal, timeout]), () => handle.result());
      } catch (error) {
        if (signal.aborted || timeout.aborted) {
          await ignoreFailure(handle.cancel(), 'it ends by the timeouts of its activities too');
        }
        signal.throwIfAborted();
        throw error instanceof WorkflowFailedError || timeout.aborted
          ? toRefusal(error)
          : toPipelineError(error);
      }
    },
  };
}

function toRefusal(error: unknown): PipelineError {
  return (
    (error instanceof WorkflowFailedError ? toWorkflowFailure(error) : undefined) ??
    new PipelineError(
      'TEMPORAL_UNAVAILABLE',
      'The workers have no time for a preview now. The task itself can be submitted without one.',
      { cause: error, retryAfterMs: 10_000 },
    )
  );
}
