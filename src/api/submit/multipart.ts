import type { Readable, Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { Busboy, type BusboyFileStream } from '@fastify/busboy';
import { PipelineError } from '../../errors.ts';
import { MEDIA_HEAD_BYTES } from '../../media/decode/media-type.ts';
import type { ReceivedFile, ScratchFolder } from '../../ports/object-store.ts';
import { assertForm, type FormRequest } from './form-request.ts';
import { receiveFile } from './receive-file.ts';
import { uploadIncomplete, uploadTimeout, uploadTooLarge } from './upload-errors.ts';

/** What may arrive under the name of a file field. */
export interface FileRule {
  maxBytes: number;
  /** How long the part may take from its first byte to its last; no limit without it. */
  timeoutMs?: number;
  /** Rejects with MEDIA_UNSUPPORTED where the first bytes are of a kind that the field does not take. */
  check: (head: Uint8Array) => Promise<void>;
}

export interface ReceivedForm {
  texts: Map<string, string>;
  files: Map<string, ReceivedFile>;
  /** What is wrong with the parts, by field, for a person. */
  faults: Map<string, string>;
}

const MAX_TEXT_BYTES = 4096;
const MAX_PARTS = 64;
/** Boundaries, headers and text fields. */
const OVERHEAD_BYTES = 256 * 1024;

/** Silence of a client after which it is taken for gone. */
const IDLE_MS = 30_000;

export interface ReceiveFormOptions {
  folder: ScratchFolder;
  rules: Record<string, FileRule>;
  /** Default: 30 s. */
  idleMs?: number;
}

/**
 * Streams a multipart form into files of `folder`, parts in any order. The first file that is too large or of a wrong
 * kind ends it at once, as does a connection that is cut, silent or too slow; other faults are collected, so that a client hears all of them.
 */
export async function receiveForm(
  request: FormRequest,
  { folder, rules, idleMs = IDLE_MS }: ReceiveFormOptions,
): Promise<ReceivedForm> {
  const maxBytes = Object.values(rules).reduce((sum, rule) => sum + rule.maxBytes, OVERHEAD_BYTES);
  const { body, contentType } = assertForm(request, maxBytes);
  const form: ReceivedForm = { texts: new Map(), files: new Map(), faults: new Map() };
  const { texts, files, faults } = form;
  const stop = new AbortController();
  const receiving: Promise<void>[] = [];
  const seen = new Set<string>();
  const isFirst = (name: string) => {
    if (seen.has(name)) faults.set(name, 'sent more than once');
    return !seen.has(name) && seen.add(name);
  };

  const receive = async (name: string, rule: FileRule, stream: BusboyFileStream, filename: string) => {
    using _timer = abortAfter(rule.timeoutMs, () => stop.abort(uploadTimeout(name)));
    const file = await receiveFile(stream, {
      folder,
      name,
      signal: stop.signal,
      onBytes(bytes) {
        if (bytes > rule.maxBytes) throw uploadTooLarge(name, rule.maxBytes);
      },
      headBytes: MEDIA_HEAD_BYTES,
      onHead: rule.check,
    });
    if (file.bytes > 0) {
      files.set(name, file);
    } else if (filename) {
      // Without a name it is what a browser sends for a file input that was left alone.
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
  parser.on('partsLimit', () => faults.set('form', `expected at most ${MAX_PARTS} parts`));

  using silence = abortAfter(idleMs, () => stop.abort(uploadTimeout('The form')));
  body.on('data', silence.refresh);
  try {
    await pump(body, parser, stop.signal);
    await Promise.all(receiving);
    return form;
  } catch (error) {
    stop.abort(error);
    // Nothing may write into the folder any more when its owner removes it.
    await Promise.allSettled(receiving);
    throw stop.signal.reason instanceof PipelineError ? stop.signal.reason : uploadIncomplete(error);
  }
}

interface Timer extends Disposable {
  /** Starts its time anew. */
  refresh: () => void;
}

function abortAfter(ms: number | undefined, abort: () => void): Timer {
  const timer = ms === undefined ? undefined : setTimeout(abort, ms);
  return { refresh: () => timer?.refresh(), [Symbol.dispose]: () => clearTimeout(timer) };
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
