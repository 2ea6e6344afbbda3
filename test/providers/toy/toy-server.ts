import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A talk service of 70 lines with one account: other paths, states, prices and errors than D-ID's. */
export class ToyServer implements AsyncDisposable {
  readonly files = new Map<string, Buffer>();
  readonly clips = new Map<string, { job: string; readyAt: number }>();
  /** The job of each paid clip. Deleting a clip is not refunded. */
  readonly paid: string[] = [];
  isOut = false;
  /** How requests of these kinds fail, such as `PUT clip`. A lost answer is to a request that was served. */
  readonly faults = new Map<string, 'out' | 'unauthorized' | 'lost'>();
  /** A new clip or file exists at once, but the answer comes after this time. */
  readonly delaysMs = { clip: 0, file: 0 };
  clipMs = 60;
  coins = 1_000;
  #calls = 0;
  readonly #video: Buffer;
  readonly #server = createServer((request, response) => void this.#serve(request, response));

  constructor(video: Buffer) {
    this.#video = video;
  }

  async listen(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose]() {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #serve(request: IncomingMessage, response: ServerResponse) {
    const body = Buffer.concat(await Array.fromAsync(request));
    const [, shelf, id = ''] = request.url!.split('/');
    const answer = (status: number, value: unknown = {}) => {
      response.writeHead(status).end(Buffer.isBuffer(value) ? value : JSON.stringify(value));
    };
    const fault = this.isOut ? 'out' : this.faults.get(`${request.method} ${shelf}`);
    if (fault === 'out') return answer(529, 'gone fishing');
    if (fault === 'unauthorized') return answer(418, 'who are you?');
    if (request.headers['x-toy-key'] !== 'toy-key') return answer(418, 'who are you?');
    this.#calls += 1;
    const made = `${shelf}-${this.#calls}`;
    switch (`${request.method} ${shelf}`) {
      case 'GET coins':
        return answer(200, this.coins);
      case 'PUT file':
        this.files.set(made, body);
        return setTimeout(() => answer(200, made), this.delaysMs.file);
      case 'PUT clip': {
        const { job, voice } = JSON.parse(body.toString()) as { job: string; voice: string };
        // 2 s of 16-bit mono at 16 kHz cost a coin.
        const coins = Math.ceil((this.files.get(voice)!.length - 44) / 64_000);
        if (coins > this.coins) return answer(499, 'too few coins');
        this.coins -= coins;
        this.paid.push(job);
        this.clips.set(made, { job, readyAt: Date.now() + this.clipMs });
        if (fault === 'lost') return response.destroy();
        return setTimeout(() => answer(200, made), this.delaysMs.clip);
      }
      case 'GET clips':
        return answer(
          200,
          [...this.clips].flatMap(([name, { job }]) => (job === id ? [name] : [])),
        );
      case 'GET clip':
        return answer(200, Date.now() < this.clips.get(id)!.readyAt ? 'cooking' : 'served');
      case 'GET video':
        return answer(200, this.#video);
      default:
        if (Date.now() < (this.clips.get(id)?.readyAt ?? 0)) return answer(423, 'cooking');
        return answer(this.clips.delete(id) || this.files.delete(id) ? 200 : 404);
    }
  }
}
