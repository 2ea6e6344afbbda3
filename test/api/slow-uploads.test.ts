import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createApiServer } from '../../src/api/http/server.ts';
import { createRoutes } from '../../src/api/routes/create-routes.ts';
import { API_LIMITS, toUploadRules } from '../../src/api/submit/limits.ts';
import { type ReceiveFormOptions, receiveForm } from '../../src/api/submit/multipart.ts';
import { asScratchFolder } from '../../src/storage/scratch-folder.ts';
import { jobForm } from '../harness/api/job-form-data.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'limelight-slow-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** Sends a form of which only the beginning comes at once, then so many bytes each 5 ms. */
async function trickle(bytesEach: number, options: Partial<ReceiveFormOptions>) {
  const form = new Response(jobForm());
  const bytes = Buffer.from(await form.arrayBuffer());
  const body = new PassThrough();
  const stop = new AbortController();
  const drip = async () => {
    let sent = 1_000;
    body.write(bytes.subarray(0, sent));
    while (bytesEach > 0 && sent < bytes.length && !stop.signal.aborted) {
      await sleep(5);
      body.write(bytes.subarray(sent, sent + bytesEach));
      sent += bytesEach;
    }
    if (sent >= bytes.length) body.end();
  };
  const sending = drip();
  const rules = toUploadRules(API_LIMITS);
  try {
    return await receiveForm(
      { body, contentType: form.headers.get('content-type')!, contentLength: undefined },
      { folder: asScratchFolder(folder), rules, ...options },
    );
  } finally {
    stop.abort();
    await sending;
  }
}

const timeout = expect.objectContaining({ code: 'UPLOAD_TIMEOUT', status: 408 });

describe('an upload', () => {
  it('that stalls is aborted', async () => {
    await expect(trickle(0, { idleMs: 50 })).rejects.toEqual(timeout);
  });

  it('that only trickles is aborted', async () => {
    const rules = toUploadRules(API_LIMITS);
    const slow = { ...rules, audio: { ...rules.audio, timeoutMs: 100 } };
    await expect(trickle(20, { rules: slow })).rejects.toEqual(timeout);
  });

  it('that is slow but steady is accepted', async () => {
    const form = await trickle(2_000, { idleMs: 5_000 });
    expect([...form.files.keys()].sort()).toEqual(['audio', 'image']);
  });

  it('of the largest size may take as long as 1 Mbit/s needs', () => {
    const { audio } = toUploadRules(API_LIMITS);
    expect(audio.timeoutMs).toBe(430_000);
  });
});

describe('a request whose headers', () => {
  async function ask(text: string, prepare: (server: ReturnType<typeof createApiServer>) => void = () => {}) {
    const server = createApiServer(createRoutes() as never);
    prepare(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const socket = connect(port, '127.0.0.1');
    socket.write(text);
    let answer = '';
    for await (const chunk of socket) answer += chunk;
    server.close();
    return answer;
  }

  it('are too large gets a problem document', async () => {
    const answer = await ask(`GET / HTTP/1.1\r\nHost: a\r\nX-Large: ${'x'.repeat(20_000)}\r\n\r\n`);

    expect(answer).toMatch(/^HTTP\/1\.1 431 /);
    expect(answer).toContain('"code":"HEADERS_TOO_LARGE"');
  });

  it('do not end gets a response and is disconnected', async () => {
    expect(createApiServer(createRoutes() as never)).toMatchObject({ headersTimeout: 20_000 });
    const answer = await ask('GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ', (server) => {
      server.headersTimeout = 50;
    });

    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
    expect(answer).toContain('"code":"UPLOAD_TIMEOUT"');
  });
});
