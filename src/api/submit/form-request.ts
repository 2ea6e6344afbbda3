import type { Readable } from 'node:stream';
import { PipelineError } from '../../errors.ts';
import { uploadIncomplete, uploadTooLarge } from './upload-errors.ts';

/** A request that should hold a multipart form. */
export interface FormRequest {
  /** Not destroyed, whatever happens: a client that is still sending shall get its answer. */
  body: Readable | undefined;
  contentType: string | undefined;
  contentLength: number | undefined;
}

/** What can be refused before the body is looked at. */
export function assertForm(
  { body, contentType, contentLength }: FormRequest,
  maxBytes: number,
): { body: Readable; contentType: string } {
  if (!contentType || !/^multipart\/form-data\s*(;|$)/i.test(contentType)) {
    throw new PipelineError(
      'MEDIA_UNSUPPORTED',
      `Expected a body of multipart/form-data but received ${contentType ? contentType.split(';')[0] : 'none'}.`,
    );
  }
  if (contentLength !== undefined && contentLength > maxBytes) {
    throw uploadTooLarge('The form', maxBytes);
  }
  if (!body) {
    throw uploadIncomplete();
  }
  return { body, contentType };
}
