import { BlockList, isIP } from 'node:net';

/** Addresses that are not of the public internet: IANA's special-purpose registries for IPv4 and IPv6 (RFC 6890), multicast, reserved. */
const SPECIAL: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
  ['::', 127], // unspecified, loopback
  ['::', 96], // IPv4-compatible
  ['::ffff:0:0', 96], // IPv4-mapped
  ['64:ff9b::', 96], // IPv4 behind NAT64
  ['64:ff9b:1::', 48],
  ['100::', 64],
  ['2001::', 23], // Teredo, ORCHID, benchmarking
  ['2001:db8::', 32],
  ['2002::', 16], // IPv4 behind 6to4
  ['3fff::', 20],
  ['fc00::', 7], // unique local
  ['fe80::', 10], // link-local
  ['fec0::', 10],
  ['ff00::', 8], // multicast
];

/** One list for each family: a list of both takes every IPv4 address for an IPv4-mapped one. */
const blocked = { ipv4: new BlockList(), ipv6: new BlockList() };
for (const [network, prefix] of SPECIAL) {
  const family = isIP(network) === 4 ? 'ipv4' : 'ipv6';
  blocked[family].addSubnet(network, prefix, family);
}

/** Whether an IP address is one of the public internet: neither private nor local, nor another one in disguise. */
export function isPublicAddress(address: string): boolean {
  const bare = address.replace(/%.*$/, '');
  if (isIP(bare) === 0) return false;
  const family = isIP(bare) === 4 ? 'ipv4' : 'ipv6';
  return !blocked[family].check(bare, family);
}
