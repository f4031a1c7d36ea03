import { networkInterfaces } from 'node:os';
import { isLoopback } from '../../config/loopback.js';
import type { Check, Patient } from '../check.js';
import { orElse, problem, warning, type Finding } from '../finding.js';
import { isAmong } from '../../common/http/address-ranges.js';
import { ask, versionIn, type Answer, type Silence } from '../probes/ask.js';
import { NOT_RUNNING } from './service.js';

/** A name that nobody has (RFC 6761), and an address that nobody has (RFC 5737). */
const NAME = 'spoofed.invalid';
const ADDRESS = '203.0.113.66';
const MOST_INTERFACES = 4;

/** What a client may say of itself, in the headers of proxies. */
const SPOOFS = {
  'X-Forwarded-*': {
    'x-forwarded-proto': 'https',
    'x-forwarded-for': ADDRESS,
    'x-forwarded-host': NAME,
  },
  Forwarded: { forwarded: `for=${ADDRESS};proto=https;host=${NAME}` },
} as const;

/** Asked of the service itself, from one address of this machine. @internal for tests */
export interface DirectProbe {
  readonly from: string;
  /** By the configuration that this command has: not at all, as one of a range, or by itself. */
  readonly trusted: 'not' | 'in range' | 'by name';
  /** The headers that made the service believe that the request came by https. */
  readonly believed: readonly string[];
  /** It built an answer from a name that the client made up. */
  readonly repeatsName: boolean;
}

/** Asked at PUBLIC_URL, as any client may. @internal for tests */
export interface PublicProbe {
  /** The service took the client's word for how it came, against what is true. Only shows by https. */
  readonly believesProtocol: boolean;
  readonly repeatsName: boolean;
}

/**
 * The service tells whom it believes without being asked: its answers carry Strict-Transport-Security exactly where it
 * takes a request for one by https, and it believes of a peer all X-Forwarded headers or none (`trustProxy`).
 */
export const spoofing: Check = {
  name: 'spoofed headers',
  look: async (patient) => {
    const direct = versionIn(patient.direct) === undefined ? [] : await probeDirectly(patient);
    const published = versionIn(patient.public) === undefined ? undefined : await probePublicly(patient);
    return direct.length === 0 && published === undefined ? NOT_RUNNING : judgeSpoofing(direct, published);
  },
};

/** @internal for tests */
export function judgeSpoofing(
  direct: readonly DirectProbe[],
  published: PublicProbe | undefined,
): readonly Finding[] {
  const wrong = direct.flatMap(judgeDirect);
  if (published?.believesProtocol)
    wrong.push(
      warning(
        'At PUBLIC_URL the service believes the X-Forwarded-Proto that a client sends, and so the rest of it.',
        'Let the proxy overwrite every X-Forwarded header and remove Forwarded, as deploy/nginx/proxy.conf does.',
      ),
    );
  if (published?.repeatsName) wrong.push(repeatsName('at PUBLIC_URL'));
  const local = direct.find(({ believed }) => believed.length > 0);
  return orElse(
    wrong,
    local === undefined
      ? 'Proxy headers that a client makes up are not believed.'
      : `Proxy headers are believed from ${local.from}, which TRUSTED_PROXIES names, and from no other address that was tried.`,
  );
}

function judgeDirect({ from, trusted, believed, repeatsName: repeats }: DirectProbe): Finding[] {
  const findings = repeats ? [repeatsName(`from ${from}`)] : [];
  if (believed.length === 0) return findings;
  const headers = believed.join(' and ');
  if (trusted === 'not')
    return [
      ...findings,
      problem(
        `The service believes ${headers} from ${from}, which TRUSTED_PROXIES does not name.`,
        'It was started with another configuration, or is another one: restart it, and run this command with the same environment.',
      ),
    ];
  // Where a proxy beside the service comes from.
  if (isLoopback(from) || trusted === 'by name') return findings;
  return [
    ...findings,
    problem(
      `The service believes ${headers} from ${from}, an address of this machine at which no proxy has to be.`,
      'List the addresses of your proxies alone in TRUSTED_PROXIES, and set HOST=127.0.0.1 where the proxy is on this machine.',
    ),
  ];
}

function repeatsName(where: string): Finding {
  return problem(
    `The service builds answers from the name that a client sends (${where}): links in them could lead elsewhere.`,
    'Let the proxy overwrite X-Forwarded-Host and answer no names but its own, as deploy/nginx does; then report it, for the service should not.',
  );
}

async function probeDirectly({ directUrl, clock, env }: Patient): Promise<DirectProbe[]> {
  const probes: DirectProbe[] = [];
  for (const address of isLoopback(env.HOST) ? [undefined] : [undefined, ...ownAddresses(env.HOST)]) {
    const url = new URL(directUrl);
    if (address !== undefined) url.hostname = address.includes(':') ? `[${address}]` : address;
    const options = address === undefined ? {} : { from: address };
    const plain = await ask(url.href, clock, options);
    if (versionIn(plain) === undefined) continue;
    const believed: string[] = [];
    let repeats = false;
    for (const [name, headers] of Object.entries(SPOOFS)) {
      const answer = await ask(url.href, clock, { ...options, headers });
      if (!cameByTls(plain) && cameByTls(answer)) believed.push(name);
      const page = await ask(url.href, clock, { ...options, headers: { ...headers, accept: 'text/html' } });
      repeats ||= repeatsIn(answer) || repeatsIn(page);
    }
    const from = address ?? url.hostname.replace(/^\[|\]$/g, '');
    probes.push({ from, trusted: trustOf(from, env.TRUSTED_PROXIES), believed, repeatsName: repeats });
  }
  return probes;
}

function trustOf(from: string, proxies: readonly string[]): DirectProbe['trusted'] {
  const address = from === 'localhost' ? '127.0.0.1' : from;
  if (proxies.includes(address)) return 'by name';
  return isAmong(proxies, address) ? 'in range' : 'not';
}

async function probePublicly({ publicUrl, public: plain, clock }: Patient): Promise<PublicProbe> {
  const lie = { ...SPOOFS['X-Forwarded-*'], 'x-forwarded-proto': 'http' };
  const answer = await ask(`${publicUrl}/`, clock, { headers: lie });
  const page = await ask(`${publicUrl}/`, clock, { headers: { ...lie, accept: 'text/html' } });
  return {
    believesProtocol: versionIn(answer) !== undefined && cameByTls(plain) && !cameByTls(answer),
    repeatsName: repeatsIn(answer) || repeatsIn(page),
  };
}

function cameByTls(answer: Answer | Silence): boolean {
  return 'headers' in answer && answer.headers['strict-transport-security'] !== undefined;
}

function repeatsIn(answer: Answer | Silence): boolean {
  return 'headers' in answer && (answer.body + JSON.stringify(answer.headers)).includes(NAME);
}

/** What other machines know this one by, as far as the service listens there. */
function ownAddresses(host: string): string[] {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return all
    .filter(({ internal, address }) => !internal && !address.startsWith('fe80:'))
    .filter(
      ({ family, address }) => host === '::' || (host === '0.0.0.0' ? family === 'IPv4' : address === host),
    )
    .map(({ address }) => address)
    .slice(0, MOST_INTERFACES);
}
