import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Browser, makePkce, type Step } from '../../support/identity-providers/browser.js';
import { refusalOf, SocialStage } from '../../support/identity-providers/social-stage.js';

const COOKIE = '__Host-oauth';
const STATE_INVALID = { status: 400, code: 'OAUTH_STATE_INVALID' };

let stage: SocialStage<'liar' | 'accomplice'>;
beforeAll(async () => {
  stage = await SocialStage.start({ providers: ['liar', 'accomplice'] });
});
afterAll(() => stage.close());

const newBrowser = () => new Browser(stage.server);

/** A browser that stands before the callback, with all that it needs to end its login. */
async function almostBack(browser = newBrowser()): Promise<{ browser: Browser; url: URL }> {
  stage.become('liar');
  const start = await browser.start('liar');
  expect(start.status).toBe(302);
  return { browser, url: await browser.atProvider(start) };
}

/** The callback refuses, sends the browser nowhere, asks no provider, and nothing comes of it. */
async function expectRefused(call: () => Promise<Step>): Promise<void> {
  const asked = stage.at.liar.countOf('token') + stage.at.accomplice.countOf('token');
  const answer = await stage.leavingNoTrace(call);
  expect({ ...refusalOf(answer), location: answer.location }).toEqual({
    ...STATE_INVALID,
    location: undefined,
  });
  expect(stage.at.liar.countOf('token') + stage.at.accomplice.countOf('token')).toBe(asked);
}

function changed(url: URL, change: (params: URLSearchParams) => void): URL {
  const copy = new URL(url);
  change(copy.searchParams);
  return copy;
}

describe('a state', () => {
  it('is good once', async () => {
    const { browser, url } = await almostBack();
    const cookie = browser.serviceCookie(COOKIE);
    expect((await browser.open(url)).location!.searchParams.has('code')).toBe(true);
    browser.setServiceCookie(COOKIE, cookie);
    await expectRefused(() => browser.open(url));
  });

  it('is used up by an error of the provider', async () => {
    const { browser, url } = await almostBack();
    const cookie = browser.serviceCookie(COOKIE);
    const denied = changed(url, (params) => {
      params.delete('code');
      params.set('error', 'access_denied');
    });
    expect((await browser.open(denied)).location!.searchParams.get('error')).toBe('access_denied');
    browser.setServiceCookie(COOKIE, cookie);
    await expectRefused(() => browser.open(url));
  });

  it('is good in the browser that began and in no other, which takes nothing from the one that began', async () => {
    const { browser, url } = await almostBack();
    await expectRefused(() => newBrowser().open(url));
    const other = await almostBack();
    await expectRefused(() => other.browser.open(url));
    expect((await browser.open(url)).location!.searchParams.has('code')).toBe(true);
    expect((await other.browser.open(other.url)).location!.searchParams.has('code')).toBe(true);
  });

  it.each<[string, (cookie: string) => string | undefined]>([
    ['without the cookie', () => undefined],
    ['with an empty cookie', () => ''],
    ['with another cookie of the right form', () => 'A'.repeat(43)],
    ['with its cookie cut short', (cookie) => cookie.slice(0, -1)],
    ['with its cookie and more', (cookie) => `${cookie}A`],
    ['with a cookie that no column holds', () => '%00'],
  ])('is refused %s', async (_how, change) => {
    const { browser, url } = await almostBack();
    browser.setServiceCookie(COOKIE, change(browser.serviceCookie(COOKIE)!));
    await expectRefused(() => browser.open(url));
  });

  it.each<[string, (params: URLSearchParams) => void]>([
    [
      'missing',
      (params) => {
        params.delete('state');
      },
    ],
    [
      'empty',
      (params) => {
        params.set('state', '');
      },
    ],
    [
      'made up',
      (params) => {
        params.set('state', 'A'.repeat(43));
      },
    ],
    [
      'there twice, the right one first',
      (params) => {
        params.append('state', 'A'.repeat(43));
      },
    ],
    [
      'there twice, the right one last',
      (params) => {
        const right = params.get('state')!;
        params.set('state', 'A'.repeat(43));
        params.append('state', right);
      },
    ],
    [
      'in a list',
      (params) => {
        params.append('state[]', params.get('state')!);
        params.delete('state');
      },
    ],
    [
      'of 100 kB',
      (params) => {
        params.set('state', 'A'.repeat(10_000));
      },
    ],
    [
      'no text at all',
      (params) => {
        params.set('state', '\0');
      },
    ],
  ])('is refused where it is %s', async (_how, change) => {
    const { browser, url } = await almostBack();
    await expectRefused(() => browser.open(changed(url, change)));
  });

  it('is refused at the callback of another provider', async () => {
    const { browser, url } = await almostBack();
    const elsewhere = new URL(url.href.replace('/liar/', '/accomplice/'));
    await expectRefused(() => browser.open(elsewhere));
  });

  it('is unknown where there is no such provider', async () => {
    const { browser, url } = await almostBack();
    const answer = await browser.open(url.href.replace('/liar/', '/nobody/'));
    expect(refusalOf(answer)).toEqual({ status: 404, code: 'OAUTH_PROVIDER_NOT_FOUND' });
  });

  it('is refused when OAUTH_STATE_TTL has passed', async () => {
    const { browser, url } = await almostBack();
    await stage.server.sql.query(`UPDATE oauth_flows SET expires_at = expires_at - interval '600 seconds'`);
    await expectRefused(() => browser.open(url));
  });

  it('lives as long as OAUTH_STATE_TTL says, in database and cookie', async () => {
    const short = await stage.startAnother({ OAUTH_STATE_TTL: '60' });
    const start = await new Browser(short).start('liar');
    expect(start.setCookies.join()).toMatch(/; Max-Age=60(?:;|$)/);
    const { rows } = await stage.server.sql.query<{ seconds: number }>(
      `SELECT extract(epoch FROM max(expires_at) - now())::float AS seconds FROM oauth_flows
       WHERE expires_at < now() + interval '61 seconds'`,
    );
    expect(rows[0]!.seconds).toBeGreaterThan(50);
    expect(rows[0]!.seconds).toBeLessThanOrEqual(60);
    await short.close();
  });

  it('ends at any process of the service', async () => {
    const another = await stage.startAnother();
    const { browser, url } = await almostBack();
    const elsewhere = new Browser(another);
    elsewhere.setServiceCookie(COOKIE, browser.serviceCookie(COOKIE));
    expect((await elsewhere.open(url)).location!.searchParams.has('code')).toBe(true);
    await another.close();
  });
});

describe('two tabs of one browser', () => {
  it('both end their logins', async () => {
    const browser = newBrowser();
    const first = await almostBack(browser);
    const second = await almostBack(browser);
    for (const { url } of [first, second])
      expect((await browser.open(url)).location!.searchParams.get('error')).toBeNull();
  });
});

describe('what a browser carries', () => {
  it('is a cookie for this host alone, that no script reads and that comes with the redirect back', async () => {
    const start = await newBrowser().start('liar');
    expect(start.setCookies).toHaveLength(1);
    const [pair, ...attributes] = start.setCookies[0]!.split('; ');
    expect(pair).toMatch(/^__Host-oauth=[\w-]{43}$/);
    expect(attributes.sort()).toEqual(['HttpOnly', 'Max-Age=600', 'Path=/', 'SameSite=Lax', 'Secure']);
    expect(start.headers.get('cache-control')).toContain('no-store');
  });

  it('differs with every start: state, nonce and challenge too', async () => {
    const pkce = makePkce();
    const starts = [];
    for (let count = 0; count < 5; count += 1) starts.push(await newBrowser().start('liar', { pkce }));
    for (const name of ['state', 'nonce', 'code_challenge']) {
      const values = starts.map(({ location }) => location!.searchParams.get(name)!);
      expect(new Set(values).size).toBe(5);
      for (const value of values) expect(value).toMatch(/^[\w-]{43}$/);
      expect(values).not.toContain(pkce.challenge);
    }
  });

  it('stands in no log and, as it is, in no table', async () => {
    const another = await stage.startAnother({ LOG_LEVEL: 'trace' });
    stage.become('liar');
    const browser = new Browser(another);
    const url = await browser.atProvider(await browser.start('liar'));
    const { rows } = await stage.server.sql.query<{ flow: string }>(
      'SELECT oauth_flows::text AS flow FROM oauth_flows',
    );
    const stored = rows.map(({ flow }) => flow).join('\n');
    const secrets = [url.searchParams.get('state')!, browser.serviceCookie(COOKIE)!];
    await browser.open(url);
    expect(another.log()).toContain('/auth/oauth/liar/callback');
    for (const secret of secrets) {
      expect(another.log()).not.toContain(secret);
      expect(stored).not.toContain(secret);
      expect(stored).not.toContain(Buffer.from(secret).toString('hex'));
      expect(stored).not.toContain(Buffer.from(secret, 'base64url').toString('hex'));
    }
    expect(another.log()).not.toContain(url.searchParams.get('code')!);
    await another.close();
  });
});
