import type { Readable, Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { Busboy, type BusboyFileStream } from '@fastify/busboy';
import { MEDIA_HEAD_BYTES } from '../../contracts/media-types.ts';
import { PipelineError } from '../../errors.ts';
import type { ReceivedFile, ScratchFolder } from '../../ports/object-store.ts';
import { receiveFile } from './receive-file.ts';
import { uploadIncomplete, uploadTimeout, uploadTooLarge } from './upload-errors.ts';

/** A request whose body should be a multipart form. */
export interface FormRequest {
  /** Never destroyed, so that a client that is still sending gets its answer. */
  body: Readable | undefined;
  contentType: string | undefined;
  contentLength: number | undefined;
}

/** Where a file comes from. */
export type FileSource = { url: string } | { filename: string | undefined };

/** What a file field accepts. */
export interface FileRule {
  maxBytes: number;
  /** How long the part may take from its first byte to its last. Default: no limit. */
  timeoutMs?: number;
  /** Throws MEDIA_UNSUPPORTED if the first bytes are of a kind that the field does not accept. */
  check: (head: Uint8Array, source: FileSource) => void;
}

export interface ReceivedForm {
  texts: Map<string, string>;
  files: Map<string, ReceivedFile>;
  /** The names that the client sent with the files. */
  fileNames: Map<string, string>;
  /** Faults of the parts by field, as text for people. */
  faults: Map<string, string>;
}

const MAX_TEXT_BYTES = 4096;
const MAX_PARTS = 64;
/** Boundaries, headers and text fields. */
const OVERHEAD_BYTES = 256 * 1024;

/** A client that sends nothing for this long is disconnected. */
const IDLE_TIMEOUT_MS = 30_000;

export interface ReceiveFormOptions {
  folder: ScratchFolder;
  rules: Record<string, FileRule>;
  /** Default: 30 s. */
  idleMs?: number;
}

/**
 * Streams a multipart form into files of `folder`, parts in any order. The first file that is too large or of a wrong
 * kind ends it at once, and so does a connection that is cut, idle or too slow. Other faults are collected, so that the
 * client gets all of them in one answer, unless there are too many parts.
 */
export async function receiveForm(
  request: FormRequest,
  { folder, rules, idleMs = IDLE_TIMEOUT_MS }: ReceiveFormOptions,
): Promise<ReceivedForm> {
  const maxBytes = toMaxBytes(rules);
  const { body, contentType } = assertForm(request, maxBytes);
  const form: ReceivedForm = {
    texts: new Map(),
    files: new Map(),
    fileNames: new Map(),
    faults: new Map(),
  };
  const { texts, files, faults } = form;
  const stop = new AbortController();
  const receiving: Promise<void>[] = [];
  const seen = new Set<string>();
  const isFirst = (name: string) => {
    if (seen.has(name)) faults.set(name, 'sent more than once');
    return !seen.has(name) && seen.add(name);
  };

  const receive = async (name: string, rule: FileRule, stream: BusboyFileStream, filename?: string) => {
    using _timer = abortAfter(rule.timeoutMs, () => stop.abort(uploadTimeout(name)));
    const file = await receiveFile(stream, {
      folder,
      name,
      signal: stop.signal,
      onBytes(bytes) {
        if (bytes > rule.maxBytes) throw uploadTooLarge(name, rule.maxBytes);
      },
      headBytes: MEDIA_HEAD_BYTES,
      onHead: (head) => rule.check(head, { filename }),
    });
    if (file.bytes > 0) {
      files.set(name, file);
      if (filename) form.fileNames.set(name, filename);
    } else if (filename) {
      // Without a file name it is an empty file input of a browser.
      faults.set(name, 'expected a file but received an empty one. Send another file.');
    }
  };

  const parser = createParser(contentType, rules);
  parser.on('file', (name, stream, filename) => {
    const rule = findRule(rules, name);
    if (!rule) {
      faults.set(name, 'unknown field, or a file in place of a text');
    }
    if (!rule || !isFirst(name)) {
      stream.on('error', () => {}).resume();
      return;
    }
    const part = receive(name, rule, stream, filename);
    receiving.push(part);
    part.catch((error) => stop.abort(error));
  });
  parser.on('field', (name, value, _isNameCut, isValueCut) => {
    if (isValueCut) {
      faults.set(name, `expected at most ${MAX_TEXT_BYTES} bytes`);
    } else if (isFirst(name) && value !== '') {
      texts.set(name, value);
    }
  });
  parser.on('partsLimit', () => {
    const fault = `expected at most ${MAX_PARTS} parts`;
    // Leaves the parser at once: what has arrived may hold thousands more.
    throw new PipelineError('INPUT_INVALID', `form: ${fault}`, { details: { form: fault } });
  });

  using silence = abortAfter(idleMs, () => stop.abort(uploadTimeout('The form')));
  try {
    await pump(body, parser, { signal: stop.signal, onBytes: silence.refresh });
    await Promise.all(receiving);
    return form;
  } catch (error) {
    stop.abort(error);
    // Nothing may write into the folder once its owner removes it.
    await Promise.allSettled(receiving);
    const { reason } = stop.signal;
    throw reason instanceof PipelineError ? reason : uploadIncomplete(error);
  }
}

/** Maximum size of a form with these files. */
export function toMaxBytes(rules: Record<string, FileRule>): number {
  return Object.values(rules).reduce((sum, rule) => sum + rule.maxBytes, OVERHEAD_BYTES);
}

interface Timer extends Disposable {
  /** Restarts the timeout. */
  refresh: () => void;
}

function abortAfter(ms: number | undefined, abort: () => void): Timer {
  const timer = ms === undefined ? undefined : setTimeout(abort, ms);
  return { refresh: () => timer?.refresh(), [Symbol.dispose]: () => clearTimeout(timer) };
}

/**
 * `pipeline` would destroy the source, and with it the connection for the answer. `pipe` would pass each chunk on alone, and
 * a client may send thousands of one byte at once: here the parser gets all that has arrived. Rejects with what it throws.
 */
async function pump(
  source: Readable,
  parser: Writable,
  { signal, onBytes }: { signal: AbortSignal; onBytes: () => void },
): Promise<void> {
  const failed = Promise.withResolvers<never>();
  const pass = () => {
    try {
      while (!parser.writableNeedDrain) {
        const bytes: Buffer | null = source.read();
        if (!bytes) return;
        onBytes();
        parser.write(bytes);
      }
    } catch (error) {
      failed.reject(error);
    }
  };
  const end = () => parser.end();
  source.on('readable', pass).once('end', end);
  parser.on('drain', pass);
  try {
    const ended = Promise.all([finished(source, { signal }), finished(parser, { signal })]);
    await Promise.race([ended, failed.promise]);
  } finally {
    source.off('readable', pass).off('end', end);
    parser.off('drain', pass);
  }
}

/** Checks everything that can be checked before the body is read. */
function assertForm(
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

function findRule(rules: Record<string, FileRule>, name: string | undefined): FileRule | undefined {
  return name !== undefined && Object.hasOwn(rules, name) ? rules[name] : undefined;
}

function createParser(contentType: string, rules: Record<string, FileRule>) {
  try {
    return new Busboy({
      headers: { 'content-type': contentType },
      limits: { fieldSize: MAX_TEXT_BYTES, parts: MAX_PARTS, headerPairs: 32, headerSize: 8192 },
      isPartAFile: (name, _type, filename) => filename !== undefined || findRule(rules, name) !== undefined,
    });
  } catch (error) {
    throw new PipelineError('REQUEST_MALFORMED', 'The multipart/form-data content type names no boundary.', {
      cause: error,
    });
  }
}
