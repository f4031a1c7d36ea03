import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Actor, Answer } from '../../support/api-client.js';
import { startTestServer, unique, type TestServer } from '../../support/test-server.js';

const COMPOSED = '\u00e9';
const DECOMPOSED = 'e\u0301';

let server: TestServer;
let ada: Actor & { username: string };

beforeAll(async () => {
  server = await startTestServer();
  const username = `Ada.${unique()}`;
  ada = { ...(await server.signUp({ username, email: `ad${COMPOSED}@b\u00fccher.example` })), username };
});
afterAll(() => server.close());

const logIn = (body: unknown) => server.api.post('/users/login', body);

/** The OAuth2 password form, as Swagger's Authorize button sends it. */
const logInByForm = (fields: Record<string, string> | string, headers: Record<string, string> = {}) =>
  server.api.post('/users/login', undefined, {
    rawBody: new URLSearchParams(fields).toString(),
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
  });

async function isLoggedInAs(answer: Answer, person: Actor): Promise<boolean> {
  if (answer.status !== 200) return false;
  const info = await server.as({ token: answer.body.access_token as string }).get('/users/info');
  return info.status === 200 && info.body.id === person.id;
}

describe('logging in', () => {
  it('answers the tokens in both spellings of the API', async () => {
    const { status, body, headers } = await logIn({ email: ada.email, password: ada.password });
    expect(status).toBe(200);
    expect(body).toEqual({
      access_token: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
      token_type: 'bearer',
      expires_in: 900,
      refresh_token: expect.stringMatching(/^[\w-]{43}$/),
      authentication_type: 'Bearer',
      token: body.access_token,
      device_token: expect.stringMatching(/^[\w-]{43}$/),
    });
    expect(headers.get('cache-control')).toBe('no-store');
  });

  it('works by address or username, however they are spelt', async () => {
    const spellings = [
      { email: ada.email },
      { email: `AD\u00c9@B\u00dcCHER.example` },
      { email: `ad${DECOMPOSED}@xn--bcher-kva.example` },
      { username: ada.username },
      { username: ada.username.toUpperCase() },
      { username: ada.email },
    ];
    for (const spelling of spellings) {
      expect(await isLoggedInAs(await logIn({ ...spelling, password: ada.password }), ada)).toBe(true);
    }
  });

  it('works with the OAuth2 form, by username or address, and ignores what the form adds', async () => {
    const { password } = ada;
    const extras = {
      grant_type: 'password',
      scope: 'read write',
      client_id: 'swagger',
      client_secret: 'x y',
    };
    const basic = { authorization: `Basic ${Buffer.from('client:secret').toString('base64')}` };
    const answers = [
      await logInByForm({ username: ada.username, password }),
      await logInByForm({ username: ada.email, password, ...extras }),
      await logInByForm({ username: ada.email, password, grant_type: '', scope: '' }, basic),
    ];
    for (const answer of answers) expect(await isLoggedInAs(answer, ada)).toBe(true);
  });

  it.each([
    ['another grant', 'grant_type=client_credentials&username=a&password=b', 'grant_type'],
    ['a field twice', 'username=a&username=b&password=c', 'username'],
    ['an unknown field', 'username=a&password=b&admin=1', 'admin'],
    ['a prototype', '__proto__=a&username=a&password=b', '__proto__'],
    ['no password', 'username=a', 'password'],
  ])('refuses a form with %s', async (_, form, field) => {
    const answer = await logInByForm(form);
    expect(answer.status).toBe(422);
    expect(answer.body.error.details.fields).toEqual([{ field, problems: [expect.any(String)] }]);
  });

  it('needs an address or a username, and a password, as strings', async () => {
    const refusals = [
      {},
      { password: 'x' },
      { email: ada.email },
      { email: null, password: 'x' },
      { email: [ada.email], password: 'x' },
      { username: { $ne: '' }, password: 'x' },
      { email: ada.email, password: ['x'] },
      { email: ada.email, password: 12345678 },
    ];
    for (const body of refusals) expect((await logIn(body)).status).toBe(422);
  });

  it('takes either an address or a username, never both, and says so', async () => {
    const { email, username, password } = ada;
    for (const second of [username, email, '', null]) {
      const answer = await logIn({ email, username: second, password });
      expect(answer.status).toBe(422);
      expect(answer.body.error.details.fields).toEqual([
        {
          field: 'username',
          problems: expect.arrayContaining(['stands beside email: give either email or username']),
        },
      ]);
    }
  });

  it('names another grant than the password grant as what is wrong', async () => {
    const answer = await logInByForm({ username: 'a', password: 'b', grant_type: 'client_credentials' });
    expect(answer.body.error.details.fields).toEqual([
      { field: 'grant_type', problems: ['must be "password"'] },
    ]);
  });

  it('remembers from where and with what it was done', async () => {
    const { body } = await server.api.post(
      '/users/login',
      { email: ada.email, password: ada.password },
      { headers: { 'user-agent': 'a'.repeat(2000) } },
    );
    const info = await server.as({ token: body.access_token as string }).get('/users/info');
    const { rows } = await server.sql.query(
      'SELECT host(ip) AS ip, length(user_agent) AS length FROM sessions WHERE id = $1',
      [info.body.session.id],
    );
    expect(rows).toEqual([{ ip: '127.0.0.1', length: 512 }]);
  });
});

it('a login behind a trusted proxy works whatever the proxy says of the client', async () => {
  const key = () => `k1:${randomBytes(32).toString('base64')}`;
  const proxied = await startTestServer({
    env: {
      NODE_ENV: 'production',
      PUBLIC_URL: 'https://mc101.example',
      TRUSTED_PROXIES: '127.0.0.1',
      ARGON2_MEMORY_KIB: '19456',
      ARGON2_TIME_COST: '2',
      JWT_SECRET_KEY: key(),
      TOKEN_PEPPER: key(),
      APP_ENCRYPTION_KEY: key(),
      LOG_SIGNING_KEY: key(),
      MAIL_DISABLED: 'true',
    },
  });
  try {
    const person = await proxied.signUp();
    const clients = [
      '192.0.2.7',
      '192.0.2.8:5678',
      'fe80::1%eth0',
      '[2001:db8::1]:443',
      'unknown',
      '<script>',
    ];
    for (const client of clients) {
      const answer = await proxied.api.post(
        '/users/login',
        { email: person.email, password: person.password },
        { headers: { 'x-forwarded-for': client } },
      );
      expect({ client, status: answer.status }).toEqual({ client, status: 200 });
    }
    const { rows } = await proxied.sql.query<{ ip: string | null }>(
      'SELECT host(ip) AS ip FROM sessions WHERE user_id = $1 ORDER BY created_at OFFSET 1',
      [person.id],
    );
    expect(rows.map(({ ip }) => ip)).toEqual([
      '192.0.2.7',
      '192.0.2.8',
      'fe80::1',
      '2001:db8::1',
      null,
      null,
    ]);
  } finally {
    await proxied.close();
  }
});

describe('a login that fails', () => {
  it('answers the same for a wrong password, an unknown account and a disabled one', async () => {
    const disabled = await server.signUp({ username: `gone.${unique()}` });
    await server.sql.query('UPDATE users SET is_active = false WHERE id = $1', [disabled.id]);
    const passwordless = await server.signUp();
    await server.sql.query('UPDATE users SET password_hash = NULL WHERE id = $1', [passwordless.id]);
    const attempts = [
      { email: ada.email, password: 'not her password at all' },
      { username: ada.username, password: 'not her password at all' },
      { email: 'nobody@example.com', password: ada.password },
      { username: 'nobody-at-all', password: ada.password },
      { email: disabled.email, password: disabled.password },
      { email: passwordless.email, password: passwordless.password },
      { email: ada.email, password: `${ada.password}${'x'.repeat(900)}` },
    ];
    const answers = await Promise.all([
      ...attempts.map(logIn),
      logInByForm({ username: ada.username, password: 'wrong' }),
      logInByForm({ username: 'nobody-at-all', password: 'wrong' }),
    ]);
    const visible = answers.map(({ status, headers, body }) => {
      const { request_id, ...error } = body.error as Record<string, unknown>;
      const names = [...headers.keys()].filter((name) => name !== 'date').sort();
      return JSON.stringify({
        status,
        names,
        challenge: headers.get('www-authenticate'),
        error,
        id: !!request_id,
      });
    });
    expect(new Set(visible).size).toBe(1);
    expect(JSON.parse(visible[0]!)).toMatchObject({
      status: 401,
      challenge: 'Bearer',
      error: { code: 'INVALID_CREDENTIALS', details: {} },
    });
  });
});

describe('a password at the login', () => {
  it('is the same in composed and decomposed letters', async () => {
    const person = await server.signUp({ password: `caf${COMPOSED} lanterns over the harbour` });
    const typed = { email: person.email, password: `caf${DECOMPOSED} lanterns over the harbour` };
    expect(await isLoggedInAs(await logIn(typed), person)).toBe(true);
    const other = await server.signUp({ password: `caf${DECOMPOSED} lanterns under the harbour` });
    const composed = { email: other.email, password: `caf${COMPOSED} lanterns under the harbour` };
    expect(await isLoggedInAs(await logIn(composed), other)).toBe(true);
  });

  it('counts exactly as it was typed otherwise', async () => {
    const password = ' Seven lanterns over a quiet harbour ';
    const person = await server.signUp({ password });
    const others = [
      password.trim(),
      password.trimEnd(),
      password.toLowerCase(),
      `${password} `,
      '\uff33even',
    ];
    for (const other of others) {
      expect((await logIn({ email: person.email, password: other })).status).toBe(401);
    }
    expect(await isLoggedInAs(await logIn({ email: person.email, password }), person)).toBe(true);
  });
});

describe('logging out', () => {
  it('ends the session at once, on every process, and no other session', async () => {
    const second = await startTestServer({ database: server.database });
    try {
      const leaving = await server.logIn(ada);
      const staying = await server.logIn(ada);
      expect((await second.as({ token: leaving }).get('/users/info')).status).toBe(200);
      const answer = await server.as({ token: leaving }).post('/users/logout');
      expect({ status: answer.status, body: answer.body }).toEqual({
        status: 200,
        body: { message: expect.any(String) },
      });
      for (const place of [server, second]) {
        expect((await place.as({ token: leaving }).get('/users/info')).status).toBe(401);
        expect((await place.as({ token: leaving }).post('/users/logout')).status).toBe(401);
        expect((await place.as({ token: staying }).get('/users/info')).status).toBe(200);
      }
    } finally {
      await second.close();
    }
  });
});

describe('when the operator makes hashes stronger', () => {
  it('an old hash is replaced at the next login, once', async () => {
    const person = await server.signUp();
    const hashOf = async () => {
      const { rows } = await server.sql.query<{ password_hash: string }>(
        'SELECT password_hash FROM users WHERE id = $1',
        [person.id],
      );
      return rows[0]!.password_hash;
    };
    expect(await hashOf()).toMatch(/^\$argon2id\$v=19\$(?=[^$]*\bt=1\b)m=64,/);
    const stronger = await startTestServer({ database: server.database, env: { ARGON2_MEMORY_KIB: '128' } });
    try {
      expect(
        (await stronger.api.post('/users/login', { email: person.email, password: 'wrong' })).status,
      ).toBe(401);
      expect(await hashOf()).toContain('m=64,');
      await stronger.logIn(person);
      const replaced = await hashOf();
      expect(replaced).toMatch(/^\$argon2id\$v=19\$(?=[^$]*\bt=1\b)m=128,/);
      await stronger.logIn(person);
      expect(await hashOf()).toBe(replaced);
    } finally {
      await stronger.close();
    }
  });
});
