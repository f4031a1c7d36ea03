import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';
import { toPlainAddress } from './plain-address.js';

const familyOf = (address: string) => (isIP(address) === 4 ? 'ipv4' : 'ipv6');

/** @param networks addresses and CIDRs @returns whether an address is one of them */
export function trustOf(networks: readonly string[]): (address: string) => boolean {
  const list = new BlockList();
  for (const entry of networks) {
    const [address = '', bits] = entry.split('/');
    if (bits === undefined) list.addAddress(address, familyOf(address));
    else list.addSubnet(address, Number(bits), familyOf(address));
  }
  return (address) => list.check(address, familyOf(address));
}

/**
 * Where a request comes from, for those that Fastify answers before it looks: the nearest address that is no trusted
 * proxy, or the furthest where all are. The same as `request.ip`.
 */
export function findClient(
  { socket, headers }: Pick<IncomingMessage, 'socket' | 'headers'>,
  isTrusted: (address: string) => boolean,
): string | null {
  const forwarded = [headers['x-forwarded-for'] ?? []].flat().join(',').split(',').filter(Boolean);
  const hops = [socket.remoteAddress ?? '', ...forwarded.reverse()].map((hop) => toPlainAddress(hop.trim()));
  const nearest = hops.findIndex((hop) => hop === null || !isTrusted(hop));
  return hops.at(nearest) ?? null;
}
