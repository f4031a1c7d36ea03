import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';

/**
 * What a browser keeps for us. The prefix makes it refuse a cookie of this name that is not Secure, not for every path,
 * or for more than this host, so that no neighbour under the same domain can put one there (RFC 6265bis, 4.1.3.2).
 */
export const REFRESH_COOKIE = '__Host-refresh';
export const CSRF_COOKIE = '__Host-csrf';
export const DEVICE_COOKIE = '__Host-device';
/** Of a browser that was sent to a provider: it comes back from another site, with a request of its own making. */
export const OAUTH_COOKIE = '__Host-oauth';

export type CookieName =
  typeof REFRESH_COOKIE | typeof CSRF_COOKIE | typeof DEVICE_COOKIE | typeof OAUTH_COOKIE;

/** Script reads only the CSRF token, to send it back as a header. */
const READABLE: readonly CookieName[] = [CSRF_COOKIE];

/** A line of Set-Cookie. */
export function formatSetCookie(name: CookieName, value: string, maxAgeSeconds: number): string {
  const httpOnly = READABLE.includes(name) ? [] : ['HttpOnly'];
  const sameSite = name === OAUTH_COOKIE ? 'SameSite=Lax' : 'SameSite=Strict';
  const attributes = [`Max-Age=${maxAgeSeconds}`, 'Path=/', 'Secure', ...httpOnly, sameSite];
  return [`${name}=${value}`, ...attributes].join('; ');
}

/** The cookies of one request and its answer. Values are base64url with dots and hyphens; nothing needs quoting. */
export class BrowserCookies {
  constructor(
    private readonly request: Pick<FastifyRequest, 'headers'>,
    private readonly reply: Pick<FastifyReply, 'header'>,
  ) {}

  /** @returns undefined also for a name that stands twice: nobody could say which of them is ours. */
  read(name: CookieName): string | undefined {
    const values = (this.request.headers.cookie ?? '')
      .split(';')
      .map(withoutBlanks)
      .filter((pair) => pair.startsWith(`${name}=`))
      .map((pair) => pair.slice(name.length + 1));
    return values.length === 1 ? values[0] : undefined;
  }

  write(name: CookieName, value: string, maxAgeSeconds: number): void {
    this.reply.header('set-cookie', formatSetCookie(name, value, maxAgeSeconds));
  }

  clear(name: CookieName): void {
    this.write(name, '', 0);
  }
}

export function browserCookiesOf(context: ExecutionContext): BrowserCookies {
  const http = context.switchToHttp();
  return new BrowserCookies(http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>());
}

/** Hands a handler the cookies that came, and those that go. */
export const Cookies = createParamDecorator((_: unknown, context: ExecutionContext) =>
  browserCookiesOf(context),
);

/** Spaces and tabs alone: `trim` takes away more, so that another name would read like ours. */
function withoutBlanks(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text[start])) start += 1;
  while (end > start && isBlank(text[end - 1])) end -= 1;
  return text.slice(start, end);
}

function isBlank(character: string | undefined): boolean {
  return character === ' ' || character === '\t';
}
