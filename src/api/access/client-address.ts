import { type Networks, unmapped } from '../../outbound/networks.ts';

/**
 * The client's address: the peer of the connection or, if the peer is a trusted proxy, the address it names in
 * `X-Forwarded-For`. Read from the right, because the client can forge entries further left.
 */
export function clientAddress(
  peer: string | undefined,
  forwardedFor: string | undefined,
  trustedProxies: Networks,
): string {
  let address = unmapped(peer ?? 'unknown');
  for (const hop of forwardedFor?.split(',').reverse() ?? []) {
    if (!trustedProxies.has(address)) {
      break;
    }
    address = unmapped(hop.trim().replace(/^\[(.+)\](:\d+)?$/, '$1'));
  }
  return address;
}

/** The network that limits count as one client. An IPv6 user has at least a /64 and can use any address in it. */
export function toClientNetwork(address: string): string {
  if (!address.includes(':')) {
    return address;
  }
  const [head = '', tail] = address.split('%')[0]!.toLowerCase().split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const groups =
    tail === undefined ? left : [...left, ...Array(8 - left.length - right.length).fill('0'), ...right];
  return `${groups.slice(0, 4).join(':')}::/64`;
}
