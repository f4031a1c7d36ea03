import type { Answer } from './api-client.js';

type Headers = Record<string, string | undefined>;

/** Behaves as a page of the service does in a browser: says where it comes from, keeps cookies, sends the CSRF token. */
export class WebClient {
  readonly cookies = new Map<string, string>();

  constructor(
    private readonly url: string,
    private readonly origin: string,
  ) {}

  get csrfToken(): string | undefined {
    return this.cookies.get('__Host-csrf');
  }

  /** What a browser sends from this page by itself, and the CSRF token that the page adds. */
  get headers(): Record<string, string> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    return {
      origin: this.origin,
      'sec-fetch-site': 'same-origin',
      ...(this.csrfToken === undefined ? {} : { 'x-csrf-token': this.csrfToken }),
      ...(cookie === '' ? {} : { cookie }),
    };
  }

  logIn({ email, password }: { email: string; password: string }, headers?: Headers): Promise<WebAnswer> {
    return this.post('/auth/web/login', { email, password }, headers);
  }

  refresh(headers?: Headers): Promise<WebAnswer> {
    return this.post('/auth/web/refresh', undefined, headers);
  }

  logOut(headers?: Headers): Promise<WebAnswer> {
    return this.post('/auth/web/logout', undefined, headers);
  }

  /** @param overrides stand in place of what a browser would send; undefined: the header is left out. */
  async post(path: string, body?: unknown, overrides: Headers = {}): Promise<WebAnswer> {
    const headers: Headers = {
      ...this.headers,
      'content-type': body === undefined ? undefined : 'application/json',
      ...overrides,
    };
    const response = await fetch(this.url + path, {
      method: 'POST',
      headers: Object.entries(headers).filter((pair): pair is [string, string] => pair[1] !== undefined),
      body: body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body),
    });
    const setCookies = response.headers.getSetCookie();
    for (const line of setCookies) this.keep(line);
    return {
      status: response.status,
      headers: response.headers,
      body: await response.json(),
      setCookies,
    };
  }

  /** The same cookies in another tab. */
  clone(): WebClient {
    const tab = new WebClient(this.url, this.origin);
    for (const [name, value] of this.cookies) tab.cookies.set(name, value);
    return tab;
  }

  private keep(line: string): void {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
    if (/; Max-Age=0(?:;|$)/.test(line)) this.cookies.delete(name);
    else this.cookies.set(name, value);
  }
}

export interface WebAnswer extends Answer {
  /** The lines of Set-Cookie. */
  setCookies: string[];
}
