import type { PreviewFacts, PreviewInput } from '../contracts/schemas/photo-preview.ts';

/** Makes previews of photos, before any task is submitted. */
export interface PreviewClient {
  /**
   * Rejects with the errors of a task with this photo, with TEMPORAL_UNAVAILABLE if no answer comes in time, and with the
   * signal's reason when aborted; the work then stops and everything of the preview is deleted.
   */
  make(input: PreviewInput, signal: AbortSignal): Promise<PreviewFacts>;
}
