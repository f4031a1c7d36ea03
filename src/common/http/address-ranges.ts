import { BlockList, isIP } from 'node:net';

/** Loopback, private, link-local and shared (RFC 1918, 3927, 4193, 6598). */
const PRIVATE = rangesOf([
  ...['127.0.0.0/8', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '169.254.0.0/16', '100.64.0.0/10'],
  ...['::1/128', 'fc00::/7', 'fe80::/10'],
]);

/** Whether an address is none of the public internet. */
export function isPrivate(address: string): boolean {
  return includes(PRIVATE, address);
}

/** Whether an address is in one of the ranges; both as TRUSTED_PROXIES spells them. */
export function isAmong(ranges: readonly string[], address: string): boolean {
  return includes(rangesOf(ranges), address);
}

function rangesOf(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [address = '', bits] = range.split('/');
    const family = familyOf(address);
    if (!family) continue;
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  return list;
}

function includes(list: BlockList, address: string): boolean {
  const family = familyOf(address);
  return family !== undefined && list.check(address, family);
}

function familyOf(address: string): 'ipv4' | 'ipv6' | undefined {
  const family = isIP(address);
  return family === 0 ? undefined : family === 4 ? 'ipv4' : 'ipv6';
}
