import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clientAddress, toClientNetwork } from '../../src/api/access/client-address.ts';
import { createTokenBuckets } from '../../src/api/access/rate-limit.ts';
import type { ApiKey } from '../../src/contracts/schemas/api-key.ts';
import { isLoopback, toNetworks } from '../../src/outbound/networks.ts';
import { hashSecret } from '../../src/storage/api-keys.ts';
import { createKeyring } from '../../src/storage/keyring.ts';

describe('a token bucket', () => {
  it('never allows more than its burst and the tokens added since', () => {
    const waits = fc.array(fc.integer({ min: 0, max: 2_000 }), { minLength: 1, maxLength: 200 });
    const rule = fc.record({ perS: fc.integer({ min: 1, max: 50 }), burst: fc.integer({ min: 1, max: 50 }) });
    fc.assert(
      fc.property(rule, waits, (rule, waits) => {
        let nowMs = 1_000_000;
        const buckets = createTokenBuckets(rule, () => nowMs);
        let allowed = 0;
        for (const wait of waits) {
          nowMs += wait;
          const taken = buckets.take('one');
          allowed += taken.isAllowed ? 1 : 0;
          expect(taken.remaining).toBeGreaterThanOrEqual(0);
          expect(taken.remaining).toBeLessThan(rule.burst);
          if (!taken.isAllowed) {
            // Exactly then, and not a moment before, there is one.
            nowMs += taken.retryAfterMs;
            expect(buckets.take('one').isAllowed).toBe(true);
            allowed += 1;
          }
        }
        const elapsedS = (nowMs - 1_000_000) / 1000;
        expect(allowed).toBeLessThanOrEqual(rule.burst + elapsedS * rule.perS + 1e-6);
      }),
      { seed: 7, numRuns: 200 },
    );
  });

  it('is separate for each name, and memory does not grow with the names', () => {
    let nowMs = 0;
    const buckets = createTokenBuckets({ perS: 1, burst: 1 }, () => nowMs);
    expect(buckets.take('a').isAllowed).toBe(true);
    expect(buckets.take('a').isAllowed).toBe(false);
    expect(buckets.take('b').isAllowed).toBe(true);
    for (let index = 0; index < 30_000; index += 1) {
      nowMs += 1;
      buckets.take(`address/${index}`);
    }
    expect(buckets.size).toBeLessThanOrEqual(10_000);
  });
});

describe("a client's address", () => {
  const proxies = toNetworks(['10.0.0.0/8', '2001:db8::/32']);

  it.each([
    ['198.51.100.7', undefined, '198.51.100.7'],
    ['::ffff:198.51.100.7', undefined, '198.51.100.7'],
    // Nobody vouches for what a stranger says.
    ['198.51.100.7', '203.0.113.1', '198.51.100.7'],
    ['10.0.0.1', '203.0.113.1', '203.0.113.1'],
    // The proxy added the last one; the client made up the rest.
    ['10.0.0.1', '1.1.1.1, 203.0.113.1', '203.0.113.1'],
    ['10.0.0.1', '1.1.1.1, 203.0.113.1, 10.0.0.2', '203.0.113.1'],
    ['2001:db8::1', '[2a00::7]:4711', '2a00::7'],
    ['10.0.0.1', '[2a00::7]', '2a00::7'],
    ['10.0.0.1', '2a00::7', '2a00::7'],
    ['10.0.0.1', '203.0.113.1:51234', '203.0.113.1'],
    ['10.0.0.1', '[::ffff:203.0.113.1]:51234', '203.0.113.1'],
    ['10.0.0.1', '1.1.1.1, 203.0.113.1:51234, 10.0.0.2:443', '203.0.113.1'],
    // Entries that name no address count as the proxy itself.
    ['10.0.0.1', '1.1.1.1, unknown', '10.0.0.1'],
    ['10.0.0.1', '203.0.113.1, 10.0.0.2, [::', '10.0.0.1'],
    ['10.0.0.1', '', '10.0.0.1'],
    [undefined, undefined, 'unknown'],
  ])('is, of a connection from %s with X-Forwarded-For %s: %s', (peer, forwarded, expected) => {
    expect(clientAddress(peer, forwarded, proxies)).toBe(expected);
  });

  it('is shared by an IPv6 network', () => {
    expect(toClientNetwork('2a00:1450:4001:81b::200e')).toBe('2a00:1450:4001:81b::/64');
    expect(toClientNetwork('2a00:1450:4001:81b:ffff:ffff:ffff:ffff')).toBe('2a00:1450:4001:81b::/64');
    expect(toClientNetwork('fe80::1%eth0')).toBe('fe80:0:0:0::/64');
    expect(toClientNetwork('::1')).toBe('0:0:0:0::/64');
    expect(toClientNetwork('2A00:1450:04001:081B::1')).toBe('2A00:1450:04001:081B::1');
    expect(toClientNetwork('2A00:1450:4001:081B::1')).toBe('2a00:1450:4001:81b::/64');
    expect(toClientNetwork('198.51.100.7')).toBe('198.51.100.7');
  });

  it('is found in any header, and never throws', () => {
    const noise = fc.oneof(
      fc.string({ unit: fc.constantFrom(...'0123456789abcdef:.[],% x') }),
      fc.ipV4(),
      fc.ipV6(),
      fc.tuple(fc.ipV6(), fc.nat(99_999)).map(([address, port]) => `[${address}]:${port}`),
    );
    fc.assert(
      fc.property(noise, fc.array(noise), (peer, hops) => {
        const network = toClientNetwork(clientAddress(peer, hops.join(','), proxies));
        expect(network.length).toBeLessThanOrEqual(Math.max(peer.length, '0000:0000:0000:0000::/64'.length));
      }),
      { seed: 7, numRuns: 2_000 },
    );
  });

  it.each(['127.0.0.1', '127.255.0.3', '::1', 'localhost', '::ffff:127.0.0.1'])(
    'is this machine: %s',
    (host) => expect(isLoopback(host)).toBe(true),
  );
  it.each(['0.0.0.0', '::', '10.0.0.1', '127.0.0.1.example.org', 'localhost.example.org', ''])(
    'is not: %s',
    (host) => expect(isLoopback(host)).toBe(false),
  );
});

describe('the keyring', () => {
  const key = (more: Partial<ApiKey> = {}): ApiKey => ({
    name: 'acme',
    scopes: ['read'],
    created_at: '2026-01-01T00:00:00.000Z',
    secrets: [{ sha256: hashSecret('secret'), created_at: '2026-01-01T00:00:00.000Z' }],
    ...more,
  });

  it('reads the store once for all requests within a few seconds', async () => {
    let nowMs = 0;
    let reads = 0;
    let stored = [key()];
    const list = async () => {
      reads += 1;
      return stored;
    };
    const keyring = createKeyring({ keys: { list }, maxAgeMs: 3_000, now: () => nowMs });
    const found = await Promise.all(Array.from({ length: 100 }, () => keyring.find('secret')));
    expect([reads, found.every((one) => one?.name === 'acme')]).toEqual([1, true]);

    stored = [key({ revoked_at: '2026-01-02T00:00:00.000Z' })];
    nowMs = 2_999;
    expect(await keyring.find('secret')).toBeDefined();
    nowMs = 3_000;
    expect(await keyring.find('secret')).toBeUndefined();
    expect(await keyring.isEmpty()).toBe(false);
    expect(reads).toBe(2);
  });

  it('refuses requests while the store is unavailable, and tries again', async () => {
    let isAway = true;
    const list = async () => {
      if (isAway) throw new Error('away');
      return [key()];
    };
    const keyring = createKeyring({ keys: { list } });

    await expect(keyring.find('secret')).rejects.toThrow('away');
    await expect(keyring.isEmpty()).rejects.toThrow('away');
    isAway = false;
    expect(await keyring.find('secret')).toBeDefined();
  });
});
