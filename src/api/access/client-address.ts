import { isIP } from 'node:net';
import { type Networks, unmapped } from '../../outbound/networks.ts';

/**
 * The client's address: the peer of the connection or, if the peer is a trusted proxy, the address it names in
 * `X-Forwarded-For`. Read from the right, because the client can forge entries further left. A proxy that names no address
 * counts itself.
 */
export function clientAddress(
  peer: string | undefined,
  forwardedFor: string | undefined,
  trustedProxies: Networks,
): string {
  let address = unmapped(peer ?? 'unknown');
  for (const hop of forwardedFor?.split(',').reverse() ?? []) {
    const named = parseHop(hop.trim());
    if (!named || !trustedProxies.has(address)) {
      break;
    }
    address = named;
  }
  return address;
}

/** Some proxies add the port of the client: `203.0.113.7:51234`, `[2001:db8::1]:443`. */
function parseHop(text: string): string | undefined {
  const bare = /^\[([^\]]*)\](?::\d+)?$/.exec(text)?.[1] ?? text;
  const address = isIP(bare) ? bare : bare.replace(/:\d+$/, '');
  return isIP(address) ? unmapped(address) : undefined;
}

/** The network that limits count as one client. An IPv6 user has at least a /64 and can use any address in it. */
export function toClientNetwork(address: string): string {
  if (isIP(address) !== 6) {
    return address;
  }
  const [head = '', tail] = address.split('%')[0]!.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const groups =
    tail === undefined ? left : [...left, ...Array(8 - left.length - right.length).fill('0'), ...right];
  const network = groups.slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16));
  return `${network.join(':')}::/64`;
}
