import { request as requestPlain, type IncomingHttpHeaders } from 'node:http';
import { request as requestTls } from 'node:https';
import type { Clock } from '../../common/clock.js';

const LIMIT_MS = 5_000;
const MAX_BYTES = 65_536;

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly sentAt: Date;
  readonly receivedAt: Date;
}

/** Nobody answered. */
export interface Silence {
  readonly silent: string;
}

export interface AskOptions {
  readonly headers?: Readonly<Record<string, string>>;
  /** Of this machine, to ask from. */
  readonly from?: string;
}

/**
 * One GET on a connection of its own, which follows nothing. It carries nothing that is secret, so that whoever answers
 * is not asked for a certificate that is trusted: that is judged apart.
 */
export function ask(
  url: string,
  clock: Clock,
  { headers = {}, from }: AskOptions = {},
): Promise<Answer | Silence> {
  const { promise, resolve } = Promise.withResolvers<Answer | Silence>();
  const sentAt = clock.now();
  const send = url.startsWith('https:') ? requestTls : requestPlain;
  const request = send(
    url,
    {
      headers: { accept: 'application/json', ...headers },
      agent: false,
      rejectUnauthorized: false,
      signal: AbortSignal.timeout(LIMIT_MS),
      ...(from === undefined ? {} : { localAddress: from }),
    },
    (response) => {
      const receivedAt = clock.now();
      let body = '';
      const end = () => {
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body, sentAt, receivedAt });
      };
      response.setEncoding('utf8').on('data', (chunk: string) => {
        body += chunk;
        if (body.length < MAX_BYTES) return;
        end();
        request.destroy();
      });
      response.on('end', end);
    },
  );
  request.on('error', (error: NodeJS.ErrnoException) => {
    resolve({
      silent:
        error.name === 'AbortError' || error.name === 'TimeoutError'
          ? 'no answer in 5 s'
          : (error.code ?? 'unknown error'),
    });
  });
  request.end();
  return promise;
}

/** The version of the service, when it is this one that answered. */
export function versionIn(answer: Answer | Silence): string | undefined {
  if ('silent' in answer) return undefined;
  try {
    const { name, version } = JSON.parse(answer.body) as { name?: unknown; version?: unknown };
    return name === 'MC101' && typeof version === 'string' && /^[\w.+-]{1,40}$/.test(version)
      ? version
      : undefined;
  } catch {
    return undefined;
  }
}

/** The code of an error in the shape of this service: it answers, though not with what was asked for. */
export function errorCodeIn(answer: Answer | Silence): string | undefined {
  if ('silent' in answer) return undefined;
  try {
    const { error } = JSON.parse(answer.body) as { error?: { code?: unknown; request_id?: unknown } };
    const isOurs = typeof error?.request_id === 'string' && typeof error.code === 'string';
    return isOurs && /^[A-Z_]{1,40}$/.test(error.code as string) ? (error.code as string) : undefined;
  } catch {
    return undefined;
  }
}
