import { isIP } from 'node:net';
import { trustOf } from '../http/find-client.js';
import { toPlainAddress } from '../http/plain-address.js';

/** Many people share one address there: an office, a school, a polling place. */
const TRUSTED_NETWORK_FACTOR = 20;

/** Whom a limit by address counts together, and how many times the limit they have. */
export interface ClientNetwork {
  key: string;
  factor: number;
}

/** Everybody whose address is not known shares one. */
const UNKNOWN: ClientNetwork = { key: 'unknown', factor: 1 };

/** Groups before the last two of an IPv4 address inside an IPv6 one: mapped (RFC 4291), translated (RFC 6052). */
const IPV4_PREFIXES = ['0:0:0:0:0:ffff', '64:ff9b:0:0:0:0'];

/** Puts addresses together that one client can choose among, and knows the networks that are trusted with more. */
export class ClientNetworks {
  private readonly isTrusted: (address: string) => boolean;

  /** @param trusted addresses and CIDRs */
  constructor(trusted: readonly string[]) {
    this.isTrusted = trustOf(trusted);
  }

  /**
   * An IPv4 address stands for itself, also where it is written as IPv6; an IPv6 one for its /64, of which every
   * customer has at least one.
   */
  networkOf(address: string | null): ClientNetwork {
    const plain = address === null ? null : toPlainAddress(address);
    if (plain === null) return UNKNOWN;
    const ipv4 = isIP(plain) === 4 ? plain : ipv4In(groupsOf(plain));
    return {
      key: ipv4 ?? `${groupsOf(plain).slice(0, 4).join(':')}::/64`,
      factor: this.isTrusted(ipv4 ?? plain) ? TRUSTED_NETWORK_FACTOR : 1,
    };
  }
}

/** The eight groups of an IPv6 address, in hex without leading zeros. @param address a valid one, without interface */
function groupsOf(address: string): string[] {
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address);
  const hex = dotted
    ? `${dotted[1]}${pair(dotted[2], dotted[3])}:${pair(dotted[4], dotted[5])}`
    : address.toLowerCase();
  const [head = '', tail] = hex.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? [] : Array.from({ length: 8 - before.length - after.length }, () => '0');
  return [...before, ...zeros, ...after].map((group) => Number.parseInt(group, 16).toString(16));
}

function pair(high: string | undefined, low: string | undefined): string {
  return (Number(high) * 256 + Number(low)).toString(16);
}

function ipv4In(groups: string[]): string | undefined {
  if (!IPV4_PREFIXES.includes(groups.slice(0, 6).join(':'))) return undefined;
  return groups
    .slice(6)
    .flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255])
    .join('.');
}
