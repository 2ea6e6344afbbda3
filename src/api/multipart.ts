import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { Busboy, type BusboyFileStream } from '@fastify/busboy';
import { PipelineError } from '../errors.ts';
import { MEDIA_HEAD_BYTES } from '../media/media-type.ts';
import { receiveFile } from './receive-file.ts';

/** What may arrive under the name of a file field. */
export interface FileRule {
  maxBytes: number;
  /** Rejects with MEDIA_UNSUPPORTED where the first bytes are of a kind that the field does not take. */
  check: (head: Uint8Array) => Promise<void>;
}

export interface ReceivedFile {
  path: string;
  bytes: number;
  sha256: string;
}

export interface ReceivedForm {
  texts: Map<string, string>;
  files: Map<string, ReceivedFile>;
  /** What is wrong with the parts, by field, for a person. */
  faults: Map<string, string>;
}

export interface MultipartRequest {
  /** Not destroyed, whatever happens: a client that is still sending shall get its answer. */
  body: Readable | undefined;
  contentType: string | undefined;
  contentLength: number | undefined;
}

const MAX_TEXT_BYTES = 4096;
const MAX_PARTS = 64;
/** Boundaries, headers and text fields. */
const OVERHEAD_BYTES = 256 * 1024;

/**
 * Streams a multipart form into files of `folder`, parts in any order. The first file that is too large or of a wrong
 * kind ends it at once, as does a connection that is cut; other faults are collected, so that a client hears all of them.
 */
export async function receiveForm(
  request: MultipartRequest,
  { folder, rules }: { folder: string; rules: Record<string, FileRule> },
): Promise<ReceivedForm> {
  const { contentType, body } = assertMultipart(request, rules);
  const form: ReceivedForm = { texts: new Map(), files: new Map(), faults: new Map() };
  const stop = new AbortController();
  const receiving: Promise<void>[] = [];
  const seen = new Set<string>();
  const isNew = (name: string) => {
    if (seen.has(name)) form.faults.set(name, 'sent more than once');
    return !seen.has(name) && seen.add(name).size <= MAX_PARTS;
  };

  const receive = async (name: string, rule: FileRule, stream: BusboyFileStream, isChosen: boolean) => {
    const path = join(folder, name);
    const { maxBytes, check } = rule;
    const onBytes = (bytes: number) => {
      if (bytes > maxBytes) throw tooLarge(name, maxBytes);
    };
    const file = await receiveFile(stream, {
      path,
      signal: stop.signal,
      onBytes,
      headBytes: MEDIA_HEAD_BYTES,
      onHead: check,
    });
    if (file.bytes > 0) {
      form.files.set(name, { path, ...file });
    } else if (isChosen) {
      form.faults.set(name, 'expected a file but received none of its bytes');
    }
  };

  const parser = createParser(contentType, rules);
  parser.on('file', (name, stream, filename) => {
    const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
    if (!rule) {
      form.faults.set(name, 'unknown field, or a file in place of a text');
    }
    if (!rule || !isNew(name)) {
      stream.on('error', () => {}).resume();
      return;
    }
    // A browser sends an empty part without a file name for a file input that was left alone.
    const part = receive(name, rule, stream, filename !== '' && filename !== undefined);
    receiving.push(part);
    part.catch((error) => stop.abort(error));
  });
  parser.on('field', (name, value, _nameTruncated, valueTruncated) => {
    if (valueTruncated) {
      form.faults.set(name, `expected at most ${MAX_TEXT_BYTES} bytes`);
    } else if (isNew(name) && value !== '') {
      form.texts.set(name, value);
    }
  });

  try {
    await pump(body, parser, stop.signal);
    await Promise.all(receiving);
    return form;
  } catch (error) {
    stop.abort(error);
    // Nothing may write into the folder any more when its owner removes it.
    await Promise.allSettled(receiving);
    throw stop.signal.reason instanceof PipelineError ? stop.signal.reason : incomplete(error);
  }
}

/** `pipeline` would destroy the source, and with it the connection that the answer goes through. */
async function pump(source: Readable, parser: Writable, signal: AbortSignal): Promise<void> {
  source.pipe(parser);
  try {
    await Promise.all([finished(source, { signal }), finished(parser, { signal })]);
  } finally {
    source.unpipe(parser);
  }
}

function assertMultipart(
  request: MultipartRequest,
  rules: Record<string, FileRule>,
): { contentType: string; body: Readable } {
  const { contentType, contentLength, body } = request;
  if (!contentType || !/^multipart\/form-data\s*(;|$)/i.test(contentType)) {
    throw new PipelineError(
      'MEDIA_UNSUPPORTED',
      `Expected a body of multipart/form-data but received ${contentType ? contentType.split(';')[0] : 'none'}.`,
    );
  }
  const maxBytes = Object.values(rules).reduce((sum, rule) => sum + rule.maxBytes, OVERHEAD_BYTES);
  if (contentLength !== undefined && contentLength > maxBytes) {
    throw tooLarge('The form', maxBytes);
  }
  if (!body) {
    throw incomplete(undefined);
  }
  return { contentType, body };
}

function createParser(contentType: string, rules: Record<string, FileRule>) {
  try {
    return new Busboy({
      headers: { 'content-type': contentType },
      limits: { fieldSize: MAX_TEXT_BYTES, parts: MAX_PARTS, headerPairs: 32, headerSize: 8192 },
      isPartAFile: (name, _type, filename) =>
        filename !== undefined || (name !== undefined && Object.hasOwn(rules, name)),
    });
  } catch (error) {
    throw new PipelineError('REQUEST_MALFORMED', 'The multipart/form-data content type names no boundary.', {
      cause: error,
    });
  }
}

function tooLarge(what: string, maxBytes: number): PipelineError {
  return new PipelineError(
    'UPLOAD_TOO_LARGE',
    `${what}: expected at most ${maxBytes / 1_000_000} MB but received more. Send a smaller file.`,
  );
}

function incomplete(cause: unknown): PipelineError {
  return new PipelineError(
    'UPLOAD_INCOMPLETE',
    'The form ended before its last boundary, so that the upload is incomplete. Send it again.',
    { cause },
  );
}
