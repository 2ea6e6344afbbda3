import { readFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it, type MockInstance, vi } from 'vitest';
import { toNetworks } from '../../src/outbound/networks.ts';
import { createOutbound, type OutboundOptions } from '../../src/outbound/outbound.ts';
import { isPublicAddress } from '../../src/outbound/public-address.ts';
import { FORBIDDEN_HOSTS, FORBIDDEN_URLS } from './forbidden-urls.ts';

const fixture = (name: string) => readFileSync(join(import.meta.dirname, 'fixtures', name), 'utf8');
const CERT = fixture('receiver-cert.pem');

/** A machine in a network that the operator allows. */
const ALLOWED = '127.0.0.2';
const FORBIDDEN = '127.0.0.1';

let stack: AsyncDisposableStack;
/** Every connection that this process opens, including TLS. */
let connections: MockInstance;

beforeEach(() => {
  stack = new AsyncDisposableStack();
  connections = vi.spyOn(Socket.prototype, 'connect');
});
afterEach(async () => {
  connections.mockRestore();
  await stack.disposeAsync();
});

function listen(server: Server, host: string): Promise<number> {
  stack.defer(() => {
    server.closeAllConnections();
    server.close();
  });
  return new Promise((resolve) =>
    server.listen(0, host, () => resolve((server.address() as AddressInfo).port)),
  );
}

const serve = (listener: RequestListener, host = ALLOWED) => listen(createServer(listener), host);
const open = (options: Partial<OutboundOptions> = {}) =>
  stack.use(createOutbound({ allowed: toNetworks([`${ALLOWED}/32`]), ...options }));
const signal = () => AbortSignal.timeout(20_000);
const forbidden = expect.objectContaining({ code: 'URL_FORBIDDEN' });
const unreachable = expect.objectContaining({ code: 'URL_UNREACHABLE' });

describe('a client’s URL', () => {
  it(`is refused in ${FORBIDDEN_HOSTS.length} forms of addresses that are not public, and nothing is connected to`, async () => {
    expect(FORBIDDEN_HOSTS.length).toBeGreaterThanOrEqual(60);
    const outbound = open();
    for (const host of FORBIDDEN_HOSTS) {
      for (const url of [`https://${host}/`, `https://${host}:8443/photo.jpg`, `http://${host}/`]) {
        await expect(outbound.request(url, { signal: signal() }), url).rejects.toEqual(forbidden);
        await expect(outbound.check(url), url).rejects.toEqual(forbidden);
      }
    }
    expect(connections).not.toHaveBeenCalled();
  });

  it.each(FORBIDDEN_URLS)('is refused as %s', async (url) => {
    await expect(open().request(url, { signal: signal() })).rejects.toEqual(forbidden);
    expect(connections).not.toHaveBeenCalled();
  });

  it('is refused if any of its addresses is not public', async () => {
    for (const host of FORBIDDEN_HOSTS) {
      const address = new URL(`https://${host}/`).hostname
        .replace(/^\[|\]$/g, '')
        .replace(/^localhost\.?$/, '::1');
      const outbound = open({ resolve: async () => ['93.184.216.34', address] });
      await expect(outbound.request('https://photos.example.org/', { signal: signal() })).rejects.toEqual(
        forbidden,
      );
    }
    expect(connections).not.toHaveBeenCalled();
  });

  it('may be public with https, never with http', async () => {
    const outbound = open({ resolve: async () => ['93.184.216.34', '2606:2800:220:1:248:1893:25c8:1946'] });

    await expect(outbound.check('https://photos.example.org/')).resolves.toBeUndefined();
    await expect(outbound.check('http://photos.example.org/')).rejects.toEqual(forbidden);
  });

  it('is unreachable if its name is unknown or its host does not respond', async () => {
    const outbound = open();
    const port = await serve(() => {});
    await expect(outbound.request('https://nowhere.invalid/', { signal: signal() })).rejects.toEqual(
      unreachable,
    );
    await expect(
      outbound.request(`http://${ALLOWED}:${port}/`, { signal: AbortSignal.timeout(100) }),
    ).rejects.toEqual(unreachable);
    await expect(open({ resolve: async () => [] }).check('https://empty.example.org/')).rejects.toEqual(
      unreachable,
    );
  });
});

describe('a name that changes its address', () => {
  it('is resolved once per connection, which uses the checked address', async () => {
    const port = await serve((_, response) => response.end('from the allowed one'));
    const trap = vi.fn();
    await listen(createServer(trap), FORBIDDEN);
    const answers = [[ALLOWED], [FORBIDDEN]];
    const resolve = vi.fn(async () => answers.shift()!);
    const outbound = open({ resolve });

    const answer = await outbound.request(`http://rebind.test:${port}/`, { signal: signal() });
    expect(await text(answer.body)).toBe('from the allowed one');
    expect(resolve).toHaveBeenCalledOnce();

    await new Promise((resolve) => setTimeout(resolve, 50));
    await expect(outbound.request(`http://rebind.test:${port}/`, { signal: signal() })).rejects.toEqual(
      forbidden,
    );
    expect(trap).not.toHaveBeenCalled();
  });

  it('is tried at its next address if the first one does not respond', async () => {
    const port = await serve((_, response) => response.end('second'));
    const outbound = open({
      allowed: toNetworks(['127.0.0.2', '127.0.0.3']),
      resolve: async () => ['127.0.0.3', ALLOWED],
    });
    const answer = await outbound.request(`http://two.test:${port}/`, { signal: signal() });
    expect(await text(answer.body)).toBe('second');
  });
});

describe('a redirect', () => {
  it('is checked like the first URL, in every form', async () => {
    let location = '';
    const port = await serve((_, response) => response.writeHead(302, { location }).end());
    const outbound = open();
    const targets = [
      ...FORBIDDEN_HOSTS.flatMap((host) => [`https://${host}/`, `http://${host}/`]),
      ...FORBIDDEN_URLS,
    ];
    for (const target of targets.filter((target) => target !== '' && !target.startsWith('example.org'))) {
      location = encodeURI(target).replaceAll('%25', '%').replaceAll('%5B', '[').replaceAll('%5D', ']');
      await expect(
        outbound.request(`http://${ALLOWED}:${port}/`, { maxRedirects: 3, signal: signal() }),
        target,
      ).rejects.toEqual(location.startsWith('//') ? expect.anything() : forbidden);
    }
    const ports = connections.mock.calls.map(([first]) => (Array.isArray(first) ? first[0] : first));
    expect(ports.every((options) => options.host === ALLOWED || options.hostname === ALLOWED)).toBe(true);
  });

  it('is followed to allowed targets, up to a maximum number', async () => {
    const port = await serve((request, response) => {
      const left = Number(request.url!.slice(1));
      if (left === 0) response.end('there');
      else response.writeHead(307, { location: `/${left - 1}` }).end();
    });
    const at = (left: number, maxRedirects: number) =>
      open().request(`http://${ALLOWED}:${port}/${left}`, { maxRedirects, signal: signal() });

    expect(await text((await at(3, 3)).body)).toBe('there');
    await expect(at(4, 3)).rejects.toEqual(unreachable);
    expect((await at(1, 0)).statusCode).toBe(307);
  });
});

describe('TLS', () => {
  it('verifies the certificate for the name, although the connection uses an address', async () => {
    const server = createTlsServer({ key: fixture('receiver-key.pem'), cert: CERT }, (request, response) =>
      response.end(`${request.headers.host}`),
    );
    const port = await listen(server, ALLOWED);
    const outbound = open({ resolve: async () => [ALLOWED], ca: CERT });

    const answer = await outbound.request(`https://receiver.test:${port}/`, { signal: signal() });
    expect(await text(answer.body)).toBe(`receiver.test:${port}`);
    await expect(outbound.request(`https://other.test:${port}/`, { signal: signal() })).rejects.toEqual(
      unreachable,
    );
    const stranger = open({ resolve: async () => [ALLOWED] });
    await expect(stranger.request(`https://receiver.test:${port}/`, { signal: signal() })).rejects.toEqual(
      unreachable,
    );
  });
});

describe('isPublicAddress', () => {
  it.each(['1.1.1.1', '8.8.8.8', '93.184.216.34', '172.15.0.1', '172.32.0.1', '100.63.0.1', '192.169.0.1'])(
    'lets %s be asked',
    (address) => expect(isPublicAddress(address)).toBe(true),
  );
  it.each(['2606:4700:4700::1111', '2a00:1450:4001:81b::200e', '2001:4860:4860::8888'])(
    'lets %s be asked',
    (address) => expect(isPublicAddress(address)).toBe(true),
  );
  it.each(['', 'example.org', '1.1.1', '::ffff:1.1.1.1', '64:ff9b::1.1.1.1', 'fe80::1%lo'])(
    'does not let "%s" be asked',
    (address) => expect(isPublicAddress(address)).toBe(false),
  );
});
