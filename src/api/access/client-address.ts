import { type Networks, unmapped } from '../../outbound/networks.ts';

/**
 * Who sends a request: the other end of the connection or, where that is a proxy of ours, whom it names in
 * `X-Forwarded-For`. Read from the right: what stands further left may be made up.
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

/** The network that limits count as one client: an IPv6 user has a /64 at least, and could take any address of it. */
export function toLimitedName(address: string): string {
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
