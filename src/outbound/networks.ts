import { BlockList, isIP } from 'node:net';

/** Networks in the notation of the settings: `10.0.0.0/8`, `::1`. The schema of the settings validates them. */
export interface Networks {
  has(address: string): boolean;
}

export function toNetworks(list: readonly string[]): Networks {
  const blocks = new BlockList();
  for (const entry of list) {
    const [address = '', prefix] = entry.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    blocks.addSubnet(address, prefix === undefined ? (family === 'ipv6' ? 128 : 32) : Number(prefix), family);
  }
  return {
    has(address) {
      const family = isIP(address);
      return family !== 0 && blocks.check(address, family === 6 ? 'ipv6' : 'ipv4');
    },
  };
}

/** Turns `::ffff:10.0.0.1`, as a dual-stack socket reports IPv4, into `10.0.0.1`. */
export function unmapped(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, '');
}

/** Whether only this machine can reach a server that listens on this address. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(unmapped(host));
}
