import { createWriteStream, openAsBlob } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { basename } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { setTimeout as sleep } from 'node:timers/promises';
import { EventSourceParserStream } from 'eventsource-parser/stream';
import { isErrorCode } from '../contracts/error-codes.ts';
import { isTerminal, type StageEvent } from '../contracts/stages.ts';
import { PipelineError } from '../errors.ts';

/** Tries of one call while the server cannot be reached or asks to come back: it may be restarting. */
const TRIES = 15;

export interface Submission {
  /** A UUID of the caller's: the same one again is the same job, so that a lost answer costs nothing. */
  taskId: string;
  photoPath: string;
  voicePath: string;
  /** Further text fields, as the API names them. */
  fields?: Record<string, string>;
}

/** How far a long stage is. It has no `seq`: a reader that comes back does not get it again. */
export interface ActivityProgressEvent extends Omit<StageEvent, 'seq' | 'event_type'> {
  event_type: 'activity_progress';
}
export type TaskEvent = StageEvent | ActivityProgressEvent;

/** A Limelight server over HTTP. Refusals reject with the server's code and words. */
export interface HttpClient {
  submit(submission: Submission, signal: AbortSignal): Promise<void>;
  /** Every stage event of the task from its first to its terminal one, however often the connection breaks. */
  events(taskId: string, signal: AbortSignal): AsyncGenerator<TaskEvent, void>;
  /** Writes the video; a file half written is never at `path`. */
  download(taskId: string, path: string, signal: AbortSignal): Promise<void>;
  cancel(taskId: string, signal: AbortSignal): Promise<void>;
  isReady(signal: AbortSignal): Promise<boolean>;
}

/** @param options.comeBackMs wait before a call is tried again where the server does not say how long. */
export function createHttpClient(baseUrl: string, { comeBackMs = 1_000 } = {}): HttpClient {
  const request = async (path: string, signal: AbortSignal, init: RequestInit = {}): Promise<Response> => {
    for (let tries = 1; ; tries += 1) {
      const answer = await fetch(new URL(path, baseUrl), { ...init, signal }).catch((error: Error) => error);
      if (answer instanceof Response && answer.ok) {
        return answer;
      }
      signal.throwIfAborted();
      const waitMs = answer instanceof Error ? comeBackMs : toRetryAfterMs(answer);
      if (waitMs === undefined || tries === TRIES) {
        throw await toPipelineError(answer, baseUrl);
      }
      await sleep(waitMs, undefined, { signal });
    }
  };
  const taskPath = (taskId: string) => `/api/pipeline/tasks/${taskId}`;

  return {
    async submit({ taskId, photoPath, voicePath, fields = {} }, signal) {
      const form = new FormData();
      for (const [name, value] of Object.entries(fields)) {
        form.set(name, value);
      }
      form.set('image', await openFile(photoPath), basename(photoPath));
      form.set('audio', await openFile(voicePath), basename(voicePath));
      await request(taskPath(taskId), signal, { method: 'PUT', body: form });
    },

    async *events(taskId, signal) {
      for (let last = 0; ; ) {
        const answer = await request(`/api/pipeline/progress/${taskId}/events`, signal, {
          headers: { 'Last-Event-ID': String(last) },
        });
        for await (const event of readEvents(answer, signal)) {
          yield event;
          if (event.event_type === 'activity_progress') {
            continue;
          }
          last = event.seq;
          if (isTerminal(event.data.stage)) {
            return;
          }
        }
        await sleep(comeBackMs, undefined, { signal });
      }
    },

    async download(taskId, path, signal) {
      const answer = await request(`${taskPath(taskId)}/video`, signal);
      const partial = `${path}.${taskId}.partial`;
      try {
        const body = Readable.fromWeb(answer.body as ReadableStream<Uint8Array>);
        await pipeline(body, createWriteStream(partial), { signal });
        await rename(partial, path);
      } finally {
        await rm(partial, { force: true });
      }
    },

    async cancel(taskId, signal) {
      await request(`${taskPath(taskId)}/cancel`, signal, { method: 'POST' });
    },

    async isReady(signal) {
      const answer = await fetch(new URL('/health/ready', baseUrl), { signal }).catch(() => undefined);
      return answer?.ok ?? false;
    },
  };
}

async function openFile(path: string): Promise<Blob> {
  try {
    return await openAsBlob(path);
  } catch (cause) {
    throw new PipelineError('INPUT_INVALID', `${path} cannot be read. Give the path of a file that exists.`, {
      cause,
    });
  }
}

/** Ends quietly where the connection breaks: the caller comes back with the last id it has seen. */
async function* readEvents(answer: Response, signal: AbortSignal): AsyncGenerator<TaskEvent, void> {
  const messages = answer
    .body!.pipeThrough(new TextDecoderStream())
    .pipeThrough(new EventSourceParserStream());
  try {
    for await (const { event, data } of messages) {
      // Stage events are the ones without a type; the other type is of heartbeats.
      if (event === undefined || event === 'activity_progress') {
        yield JSON.parse(data) as TaskEvent;
      }
    }
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof SyntaxError) {
      throw error;
    }
  }
}

/** `undefined` where the server did not ask to come back. */
function toRetryAfterMs({ headers }: Response): number | undefined {
  const seconds = headers.get('Retry-After');
  return seconds === null ? undefined : Number(seconds) * 1000;
}

async function toPipelineError(answer: Response | Error, baseUrl: string): Promise<PipelineError> {
  if (answer instanceof Error) {
    return new PipelineError(
      'API_UNREACHABLE',
      `No Limelight server answers at ${baseUrl}. Start one with \`limelight up\`, or correct the address.`,
      { cause: answer },
    );
  }
  const problem = (await answer.json().catch(() => ({}))) as { code?: string; detail?: string };
  return new PipelineError(
    isErrorCode(problem.code) ? problem.code : 'INTERNAL',
    problem.detail ?? `${baseUrl} answered with status ${answer.status}. Is it a Limelight server?`,
  );
}
