import { createHash, randomBytes } from 'node:crypto';
import type { Answer } from '../api-client.js';
import type { TestServer } from '../test-server.js';

/** Where the client's own page is that the browser comes back to. */
export const REDIRECT_URI = 'https://app.example/login/done';

export interface Pkce {
  verifier: string;
  challenge: string;
}

export function makePkce(): Pkce {
  const verifier = randomBytes(32).toString('base64url');
  return { verifier, challenge: createHash('sha256').update(verifier).digest('base64url') };
}

/** One answer on the way, whose redirect was not followed yet. */
export interface Step {
  status: number;
  headers: Headers;
  /** Whole, also where the header was relative. */
  location: URL | undefined;
  setCookies: string[];
  /** Parsed JSON, or the text of anything else. */
  body: any;
}

export interface StartOptions {
  redirectUri?: string;
  purpose?: 'login' | 'link';
  pkce?: Pkce;
}

export interface Login {
  pkce: Pkce;
  start: Step;
  /** The address at the service that the provider sent the browser to. */
  callbackUrl: URL;
  callback: Step;
  /** The one-time code, or nothing where there is none. */
  code: string | undefined;
  error: string | undefined;
}

const MOST_REDIRECTS = 10;

/** Plays a browser in Jest: cookies by host, redirects one at a time, the service under its public address. */
export class Browser {
  /** host → name → value. */
  private readonly cookies = new Map<string, Map<string, string>>();

  constructor(private readonly server: TestServer) {}

  /** Asks for one page. */
  async open(url: URL | string): Promise<Step> {
    const shown = new URL(url, this.server.config.publicUrl);
    const isService = shown.origin === new URL(this.server.config.publicUrl).origin;
    const actual = isService ? this.server.url + shown.pathname + shown.search : shown.href;
    const cookie = [...this.jar(shown)].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(actual, {
      redirect: 'manual',
      headers: { accept: 'text/html', ...(cookie && { cookie }) },
    });
    const setCookies = response.headers.getSetCookie();
    for (const line of setCookies) this.keep(shown, line);
    const location = response.headers.get('location');
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.includes('json') ?? false;
    return {
      status: response.status,
      headers: response.headers,
      location: location === null ? undefined : new URL(location, shown),
      setCookies,
      body: isJson ? JSON.parse(text) : text,
    };
  }

  /** The value of a cookie that the service has set. */
  serviceCookie(name: string): string | undefined {
    return this.jar(new URL(this.server.config.publicUrl)).get(name);
  }

  setServiceCookie(name: string, value: string | undefined): void {
    const jar = this.jar(new URL(this.server.config.publicUrl));
    if (value === undefined) jar.delete(name);
    else jar.set(name, value);
  }

  start(
    provider: string,
    { redirectUri = REDIRECT_URI, purpose, pkce = makePkce() }: StartOptions = {},
  ): Promise<Step> {
    const query = new URLSearchParams({
      redirect_uri: redirectUri,
      code_challenge: pkce.challenge,
      ...(purpose && { purpose }),
    });
    return this.open(`/auth/oauth/${provider}/start?${query.toString()}`);
  }

  /** Goes where the service has sent it, as far as the provider sends it back. @returns the address of the callback */
  async atProvider(start: Step): Promise<URL> {
    let next = start.location;
    for (let count = 0; next !== undefined && count < MOST_REDIRECTS; count += 1) {
      if (next.origin === new URL(this.server.config.publicUrl).origin) return next;
      // The service has given up before it began.
      if (next.href.startsWith(REDIRECT_URI)) break;
      next = (await this.open(next)).location;
    }
    throw new Error(
      `The provider has not sent the browser back: ${start.status} ${String(start.location)}, then ${String(next)}`,
    );
  }

  /** The whole way, from the button to the client's page. */
  async logIn(provider: string, options: StartOptions = {}): Promise<Login> {
    const pkce = options.pkce ?? makePkce();
    const start = await this.start(provider, { ...options, pkce });
    return this.goOn(start, pkce);
  }

  /** What comes after the start. */
  async goOn(start: Step, pkce: Pkce): Promise<Login> {
    const callbackUrl = await this.atProvider(start);
    const callback = await this.open(callbackUrl);
    return {
      pkce,
      start,
      callbackUrl,
      callback,
      code: callback.location?.searchParams.get('code') ?? undefined,
      error: callback.location?.searchParams.get('error') ?? undefined,
    };
  }

  private jar({ host }: URL): Map<string, string> {
    const jar = this.cookies.get(host) ?? new Map<string, string>();
    this.cookies.set(host, jar);
    return jar;
  }

  private keep(url: URL, line: string): void {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
    const expires = /; expires=([^;]+)/i.exec(line)?.[1];
    const isOver =
      /; max-age=0(?:;|$)/i.test(line) || (expires !== undefined && Date.parse(expires) < Date.now());
    if (isOver) this.jar(url).delete(name);
    else this.jar(url).set(name, value);
  }
}

/** A login in a browser of its own, as far as the client's page. */
export function startLogin(server: TestServer, provider: string, options: StartOptions = {}): Promise<Login> {
  return new Browser(server).logIn(provider, options);
}

/** What the client's page does with the code. */
export function exchange(
  server: TestServer,
  { code, pkce }: Pick<Login, 'code' | 'pkce'>,
  more: Record<string, unknown> = {},
): Promise<Answer> {
  return server.api.post('/auth/oauth/exchange', { code, code_verifier: pkce.verifier, ...more });
}
