import { PipelineError } from '../../errors.ts';

export function uploadTooLarge(what: string, maxBytes: number): PipelineError {
  return new PipelineError(
    'UPLOAD_TOO_LARGE',
    `${what}: expected at most ${maxBytes / 1_000_000} MB but received more. Send a smaller file.`,
  );
}

export function uploadIncomplete(cause?: unknown): PipelineError {
  return new PipelineError(
    'UPLOAD_INCOMPLETE',
    'The form ended before its last boundary, so the upload is incomplete. Send it again.',
    { cause },
  );
}

export function uploadTimeout(what: string): PipelineError {
  return new PipelineError(
    'UPLOAD_TIMEOUT',
    `${what}: the upload stalled or was too slow. Send it again over a faster connection.`,
  );
}
