import { BlockList, isIP } from 'node:net';

/** IPv4 blocks that are not public (IANA's special-purpose registry), and public addresses of cloud metadata services. */
const NOT_PUBLIC_V4 = [
  '0.0.0.0/8', // "this" network
  '10.0.0.0/8',
  '100.64.0.0/10', // behind a carrier's NAT; Alibaba's metadata service
  '127.0.0.0/8',
  '169.254.0.0/16', // link-local; the metadata services of AWS, Google, Azure and others
  '172.16.0.0/12',
  '192.0.0.0/24', // protocol assignments; Oracle's metadata service
  '192.0.2.0/24',
  '192.31.196.0/24',
  '192.52.193.0/24',
  '192.88.99.0/24', // relays from IPv6
  '192.168.0.0/16',
  '192.175.48.0/24',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4', // multicast
  '240.0.0.0/4',
  '168.63.129.16/32', // Azure's host
];

/** The only block of public IPv6 addresses, and the blocks in it that are not public or contain an IPv4 address. */
const PUBLIC_V6 = '2000::/3';
const NOT_PUBLIC_V6 = [
  '2001::/23', // Teredo, ORCHID, benchmarks
  '2001:db8::/32',
  '2002::/16', // 6to4
  '2620:4f:8000::/48',
  '3fff::/20',
];

const v4 = toBlocks(NOT_PUBLIC_V4, 'ipv4');
const v6 = toBlocks([PUBLIC_V6], 'ipv6');
const notV6 = toBlocks(NOT_PUBLIC_V6, 'ipv6');

/** Whether an address is on the public internet. IPv6 addresses that stand for IPv4 (mapped, NAT64, 6to4) never are. */
export function isPublicAddress(address: string): boolean {
  switch (isIP(address)) {
    case 4:
      return !v4.check(address, 'ipv4');
    case 6:
      return v6.check(address, 'ipv6') && !notV6.check(address, 'ipv6');
    default:
      return false;
  }
}

function toBlocks(networks: string[], family: 'ipv4' | 'ipv6'): BlockList {
  const blocks = new BlockList();
  for (const network of networks) {
    const [address = '', prefix] = network.split('/');
    blocks.addSubnet(address, Number(prefix), family);
  }
  return blocks;
}
