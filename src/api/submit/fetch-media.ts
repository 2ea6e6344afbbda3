import { MEDIA_HEAD_BYTES } from '../../contracts/media-types.ts';
import { ignoreFailure, PipelineError } from '../../errors.ts';
import { unreachable } from '../../outbound/outbound.ts';
import type { ReceivedFile, ScratchFolder } from '../../ports/object-store.ts';
import type { Outbound } from '../../ports/outbound.ts';
import type { JobForm, JobOrder } from './job-form.ts';
import type { FileRule } from './multipart.ts';
import { receiveFile } from './receive-file.ts';
import { uploadTooLarge } from './upload-errors.ts';

export interface MediaUrl {
  /** The form field, such as `image_url`. */
  field: string;
  url: string;
  rule: FileRule;
}

export interface FetchDeps {
  outbound: Outbound;
  folder: ScratchFolder;
  rules: Record<'image' | 'audio', FileRule>;
  signal: AbortSignal;
}

const MAX_REDIRECTS = 3;

/** Downloads the files that the form names by URLs, both at once, and checks whether its webhook may be called. */
export async function fetchOrder(order: JobOrder, deps: FetchDeps): Promise<JobForm> {
  const { outbound, folder, rules } = deps;
  const stop = new AbortController();
  const signal = AbortSignal.any([deps.signal, stop.signal]);
  const fetchOne = async (name: 'image' | 'audio'): Promise<ReceivedFile> => {
    const source = order[name];
    const field = `${name}_url`;
    return 'url' in source
      ? fetchMedia({ outbound, folder, signal }, { field, url: source.url, rule: rules[name] })
      : source;
  };
  const checkWebhook = async () => {
    if (order.webhook) {
      await outbound.check(order.webhook.url).catch((error) => {
        throw toFieldError('webhook_url', error, signal);
      });
    }
  };
  const work = [fetchOne('image'), fetchOne('audio'), checkWebhook()] as const;
  for (const one of work) one.catch((error) => stop.abort(error));
  // Nothing may write into the folder once its owner removes it.
  await Promise.allSettled(work);
  stop.signal.throwIfAborted();
  return { ...order, image: await work[0], audio: await work[1] };
}

/**
 * Downloads a file that a client named by its URL, under the same rules as an upload.
 * @throws PipelineError that names the field.
 */
async function fetchMedia(
  { outbound, folder, signal }: Omit<FetchDeps, 'rules'>,
  { field, url, rule }: MediaUrl,
): Promise<ReceivedFile> {
  try {
    const { statusCode, headers, body } = await outbound.request(url, {
      maxRedirects: MAX_REDIRECTS,
      signal,
    });
    if (statusCode !== 200) {
      await ignoreFailure(body.dump({ limit: 65_536, signal }), 'the status decides');
      throw unreachable(`answered with status ${statusCode}`);
    }
    if (Number(headers['content-length']) > rule.maxBytes) {
      body.destroy();
      throw uploadTooLarge(field, rule.maxBytes);
    }
    const file = await receiveFile(body, {
      folder,
      name: field,
      signal,
      onBytes(bytes) {
        if (bytes > rule.maxBytes) throw uploadTooLarge(field, rule.maxBytes);
      },
      headBytes: MEDIA_HEAD_BYTES,
      onHead: (head) => rule.check(head, { url }),
    });
    if (file.bytes === 0) {
      throw unreachable('returned an empty file');
    }
    return file;
  } catch (error) {
    throw toFieldError(field, error, signal);
  }
}

function toFieldError(field: string, error: unknown, signal: AbortSignal): PipelineError {
  const known =
    error instanceof PipelineError
      ? error
      : unreachable(signal.aborted ? 'took too long' : 'closed the connection before the end', error);
  return new PipelineError(known.code, `${field}: ${known.message}`, { cause: known, details: { field } });
}
