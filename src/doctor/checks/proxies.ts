import { existsSync } from 'node:fs';
import { isIP } from 'node:net';
import type { Env } from '../../config/env.schema.js';
import { isLoopback } from '../../config/loopback.js';
import type { Check } from '../check.js';
import { orElse, problem, warning, type Finding } from '../finding.js';
import { isPrivate } from '../../common/http/address-ranges.js';

/** As many addresses as one network for proxies may have. */
const WIDEST = { 4: 24, 6: 64 };
const CONTAINER_MARKS = ['/.dockerenv', '/run/.containerenv'];

/** @internal for tests */
export interface ProxyFacts {
  readonly environment: Env['NODE_ENV'];
  readonly host: string;
  readonly trusted: readonly string[];
  /** What is published of a container is decided outside of it. */
  readonly isContainer: boolean;
}

export const proxies: Check = {
  name: 'trusted proxies',
  look: ({ env }) =>
    judgeProxies({
      environment: env.NODE_ENV,
      host: env.HOST,
      trusted: env.TRUSTED_PROXIES,
      isContainer: CONTAINER_MARKS.some((file) => existsSync(file)),
    }),
};

/** @internal for tests */
export function judgeProxies({ environment, host, trusted, isContainer }: ProxyFacts): readonly Finding[] {
  const wrong = trusted.flatMap(judgeRange);
  const isOpen = !isLoopback(host);
  if (environment === 'production' && trusted.length === 0)
    wrong.push(
      warning(
        'TRUSTED_PROXIES is empty: behind a proxy every client has its address, in limits and in the log, and the service does not know that they came by https.',
        'Set TRUSTED_PROXIES to the address of the proxy that ends TLS.',
      ),
    );
  if (isOpen && !isContainer)
    wrong.push(
      warning(
        `HOST is ${host}: the service can be reached past the proxy, without TLS and without its limits.`,
        'Set HOST=127.0.0.1 where the proxy is on this machine; else let a firewall pass nobody but the proxy to PORT.',
      ),
    );
  const inOrder =
    trusted.length === 0 ? 'None, and only this machine reaches the service.' : `${trusted.join(', ')}.`;
  return orElse(wrong, inOrder);
}

function judgeRange(entry: string): Finding[] {
  const [address = '', bits] = entry.split('/');
  const family = isIP(address);
  if (family === 0) return [];
  const width = bits === undefined ? (family === 4 ? 32 : 128) : Number(bits);
  const toDo = 'List the addresses of your proxies alone, such as 127.0.0.1 or 172.31.101.10.';
  if (width === 0)
    return [problem(`TRUSTED_PROXIES has ${entry}: every client can say that it comes from anywhere.`, toDo)];
  const isSingle = width === (family === 4 ? 32 : 128);
  if (!isSingle && !isPrivate(address))
    return [
      (width < (family === 4 ? 16 : 48) ? problem : warning)(
        `TRUSTED_PROXIES has ${entry}, a range of the public internet: who has an address in it can say that it comes from anywhere.`,
        toDo,
      ),
    ];
  if (width < WIDEST[family as 4 | 6] && !isLoopback(address))
    return [
      warning(
        `TRUSTED_PROXIES has ${entry}, a whole network: clients and machines in it can say that they come from anywhere.`,
        toDo,
      ),
    ];
  return [];
}
