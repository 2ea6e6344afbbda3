import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createHttpClient } from '../../src/cli/http-client.ts';
import type { Stage } from '../../src/contracts/stages.ts';

const TASK = '11111111-2222-4333-8444-555555555555';
const never = new AbortController().signal;

const toText = async (request: IncomingMessage) => Buffer.concat(await request.toArray()).toString('latin1');

const frame = (seq: number, stage: Stage) =>
  `id: ${seq}\ndata: ${JSON.stringify({ seq, task_id: TASK, event_type: 'stage_update', data: { stage } })}\n\n`;

describe('the HTTP client', () => {
  let folder: string;
  let server: Server;
  let answer: RequestListener;
  let client: ReturnType<typeof createHttpClient>;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'limelight-client-'));
    server = createServer((request, response) => answer(request, response)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    client = createHttpClient(`http://127.0.0.1:${port}`, { comeBackMs: 10 });
  });

  afterEach(async () => {
    server.closeAllConnections();
    server.close();
    await rm(folder, { recursive: true });
  });

  const submission = async () => {
    const [photoPath, voicePath] = [join(folder, 'me.jpg'), join(folder, 'voice.wav')];
    await writeFile(photoPath, 'PHOTO');
    await writeFile(voicePath, 'VOICE');
    return { taskId: TASK, photoPath, voicePath, fields: { background: 'blur' } };
  };

  it('submits both files and the fields under the id of the caller', async () => {
    let received = '';
    answer = async (request, response) => {
      received = `${request.method} ${request.url}\n${await toText(request)}`;
      response.writeHead(202).end('{}');
    };

    await client.submit(await submission(), never);

    expect(received).toMatch(new RegExp(`^PUT /api/pipeline/tasks/${TASK}\n`));
    expect(received).toMatch(/name="background"\r\n\r\nblur/);
    expect(received).toMatch(/name="image"; filename="me.jpg"[\s\S]*PHOTO/);
    expect(received).toMatch(/name="audio"; filename="voice.wav"[\s\S]*VOICE/);
  });

  it('submits again, with the whole body, when the server asks it to come back', async () => {
    const bodies: string[] = [];
    answer = async (request, response) => {
      bodies.push(await toText(request));
      const refused = bodies.length < 3;
      response.writeHead(refused ? 503 : 202, refused ? { 'Retry-After': '0' } : {}).end('{}');
    };

    await client.submit(await submission(), never);

    expect(bodies).toHaveLength(3);
    expect(bodies[2]).toContain('VOICE');
  });

  it("rejects with the server's code and words", async () => {
    answer = (_, response) => {
      response.writeHead(404, { 'Content-Type': 'application/problem+json' });
      response.end('{"code":"TASK_NOT_FOUND","detail":"There is no such task."}');
    };

    await expect(client.cancel(TASK, never)).rejects.toMatchObject({
      code: 'TASK_NOT_FOUND',
      message: 'There is no such task.',
    });
  });

  it('says where it looked when nobody answers', async () => {
    const nobody = createHttpClient('http://127.0.0.1:1', { comeBackMs: 1 });

    await expect(nobody.cancel(TASK, never)).rejects.toMatchObject({
      code: 'API_UNREACHABLE',
      message: expect.stringContaining('http://127.0.0.1:1'),
    });
  });

  it('names a file that cannot be read', async () => {
    const missing = { ...(await submission()), voicePath: join(folder, 'missing.wav') };

    await expect(client.submit(missing, never)).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      message: expect.stringContaining('missing.wav'),
    });
  });

  it('yields each event once, in order, however often the connection breaks', async () => {
    const stages: Stage[] = ['INITIALIZED', 'UPLOAD_COMPLETE', 'DETECTION_RUNNING', 'COMPLETED'];
    answer = (request, response) => {
      const last = Number(request.headers['last-event-id']);
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      response.write(`: hello\n\nevent: heartbeat\ndata: {}\n\n${frame(last + 1, stages[last]!)}`);
      // Half of the next event, then nothing.
      response.write(frame(last + 2, 'FAILED').slice(0, 30), () => request.socket.destroy());
    };

    const seen: string[] = [];
    for await (const event of client.events(TASK, never)) {
      seen.push(event.data.stage);
    }

    expect(seen).toEqual(stages);
  });

  it('stops following when told to', async () => {
    answer = (_, response) => void response.writeHead(200).write(frame(1, 'INITIALIZED'));
    const stop = new AbortController();

    const follow = async () => {
      for await (const _ of client.events(TASK, stop.signal)) {
        stop.abort(new Error('enough'));
      }
    };

    await expect(follow()).rejects.toThrow('enough');
  });

  it('downloads to a file that is there when it is whole', async () => {
    answer = (_, response) => void response.end('VIDEO');

    await client.download(TASK, join(folder, 'out.mp4'), never);

    expect(await readFile(join(folder, 'out.mp4'), 'utf8')).toBe('VIDEO');
  });

  it('leaves no file behind when the download breaks off', async () => {
    answer = (request, response) => {
      response.writeHead(200, { 'Content-Length': '100' });
      response.write('half', () => request.socket.destroy());
    };

    await expect(client.download(TASK, join(folder, 'out.mp4'), never)).rejects.toThrow();

    expect(await readdir(folder)).toEqual([]);
  });
});
