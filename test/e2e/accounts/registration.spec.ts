import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { UsersService } from '../../../src/users/users.service.js';
import type { Answer } from '../../support/api-client.js';
import { startTestServer, unique, type TestServer } from '../../support/test-server.js';

const COMPOSED = '\u00e9';
const DECOMPOSED = 'e\u0301';
const PASSWORD = 'seven lanterns over a quiet harbour';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

const register = (body: Record<string, unknown>) =>
  server.api.post('/users/register', { name: 'Ada Lovelace', password: PASSWORD, ...body });

/** An error without what differs from request to request. */
function withoutRequestId({ status, body }: Answer) {
  const { code, message, details } = body.error as Record<string, unknown>;
  return { status, code, message, details };
}

describe('registering', () => {
  it('answers 201 with the account, and nothing else', async () => {
    const answer = await register({ email: 'Ada@Example.com', username: 'Ada-1815' });
    expect(answer.status).toBe(201);
    expect(answer.body).toEqual({
      id: expect.any(Number),
      name: 'Ada Lovelace',
      email: 'Ada@Example.com',
      username: 'Ada-1815',
      is_active: true,
      email_verified: false,
      pending_email: null,
      role: 'user',
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    });
  });

  it.each([
    ['leaves it out', {}],
    ['gives null', { username: null }],
  ])('an account has no username when a person %s', async (_, username) => {
    const answer = await register({ email: `${unique()}@example.com`, ...username });
    expect(answer.body).toMatchObject({ username: null });
    expect(answer.status).toBe(201);
  });

  it('keeps the name exactly as it was given', async () => {
    const name = `  Ame${DECOMPOSED}lie \u{1f9a6} <b>&amp;</b>\t`;
    expect((await register({ name, email: `${unique()}@example.com` })).body.name).toBe(name);
  });

  it('makes a plain user even when the request asks for more', async () => {
    const answer = await register({ email: `${unique()}@example.com`, role: 'admin' });
    expect(answer.status).toBe(422);
    expect(answer.body.error.details).toEqual({
      fields: [{ field: 'role', problems: ['is not a known field'] }],
    });
  });

  it('names every field that is missing or wrong', async () => {
    const answer = await server.api.post('/users/register', { name: 7, email: 'nowhere', username: '-x' });
    expect(answer.status).toBe(422);
    expect(answer.body.error.code).toBe('VALIDATION_ERROR');
    const { fields } = answer.body.error.details as { fields: { field: string }[] };
    expect(fields.map(({ field }) => field).sort()).toEqual(['email', 'name', 'password', 'username']);
  });

  it('says of a field that is not there only that it is missing, and repeats no value', async () => {
    const answer = await server.api.post('/users/register', { email: 'hunter2-nowhere' });
    expect(answer.body.error.details.fields).toEqual([
      { field: 'name', problems: ['is missing'] },
      { field: 'email', problems: ['must be an e-mail address'] },
      { field: 'password', problems: ['is missing'] },
    ]);
    expect(JSON.stringify(answer.body)).not.toContain('hunter2');
  });
});

describe('an address or username that is taken', () => {
  const taken = { email: `zo${COMPOSED}@b\u00fccher.example`, username: 'Zoe.K' };
  const refusal = {
    status: 400,
    code: 'USER_EXISTS',
    message: 'An account with this e-mail address or username exists already.',
    details: {},
  };

  beforeAll(async () => {
    expect((await register(taken)).status).toBe(201);
  });

  it.each([
    ['the same address', { email: taken.email }],
    ['the address in capitals', { email: `ZO\u00c9@B\u00dcCHER.EXAMPLE` }],
    ['the address in decomposed letters', { email: `zo${DECOMPOSED}@bu\u0308cher.example` }],
    ['the domain in punycode', { email: `zo${COMPOSED}@xn--bcher-kva.example` }],
    ['the domain in punycode and capitals', { email: `zo${COMPOSED}@XN--BCHER-KVA.example` }],
    ['the same username', { email: 'another@example.com', username: taken.username }],
    ['the username in other capitals', { email: 'another@example.com', username: 'zOE.k' }],
    ['both', taken],
  ])('is refused without saying which of the two it is: %s', async (_, body) => {
    expect(withoutRequestId(await register(body))).toEqual(refusal);
  });

  it('stays free for who only looks similar', async () => {
    expect((await register({ email: 'zoe@b\u00fccher.example' })).status).toBe(201);
    expect((await register({ email: `zo${COMPOSED}+1@b\u00fccher.example` })).status).toBe(201);
  });

  it('goes to one of a hundred who ask at once', async () => {
    const email = `crowd-${unique()}@example.com`;
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, n) => register({ email: n % 2 ? email : email.toUpperCase() })),
    );
    const refused = answers.filter(({ status }) => status !== 201);
    expect(answers.length - refused.length).toBe(1);
    expect(refused).toHaveLength(99);
    for (const answer of refused) expect(withoutRequestId(answer)).toEqual(refusal);
    const { rows } = await server.sql.query('SELECT 1 FROM users WHERE email_normalized = $1', [email]);
    expect(rows).toHaveLength(1);
  });
});

describe('one mailbox', () => {
  it.each([
    ['\u01f0on', 'J\u030con'],
    ['stra\u00dfe', 'STRASSE'],
    ['\u03b1\u03c2', '\u03b1\u03c3'],
  ])('is one account: %s and %s', async (one, other) => {
    const domain = `${unique()}.example.com`;
    expect((await register({ email: `${one}@${domain}` })).status).toBe(201);
    const answer = await register({ email: `${other}@${domain}` });
    expect({ status: answer.status, code: answer.body.error.code as string }).toEqual({
      status: 400,
      code: 'USER_EXISTS',
    });
  });

  it.each(['"mallory"', 'mal\\lory', 'mal\u200blory', 'mal\u00a0lory', 'mal\u00adlory'])(
    'cannot be written as %j, which mail servers read as mallory',
    async (local) => {
      const answer = await register({ email: `${local}@example.com` });
      expect(answer.status).toBe(422);
      expect(answer.body.error.details.fields).toEqual([
        { field: 'email', problems: ['must be an e-mail address'] },
      ]);
    },
  );
});

it('a process that has just started makes many accounts at once, however few connections it has', async () => {
  const other = await startTestServer({ database: server.database, env: { DB_POOL_SIZE: '2' } });
  try {
    const users = other.app.get(UsersService);
    const accounts = await Promise.all(
      Array.from({ length: 20 }, () =>
        users.create({ name: 'Early Bird', email: `early-${unique()}@example.com`, passwordHash: null }),
      ),
    );
    expect(new Set(accounts.map(({ voterKey }) => voterKey)).size).toBe(20);
  } finally {
    await other.close();
  }
});

describe('a password', () => {
  const attempt = async (password: string, person: Record<string, unknown> = {}) => {
    const { status, body } = await register({ email: `${unique()}@example.com`, password, ...person });
    return { status, code: status === 201 ? undefined : (body.error.code as string), body };
  };
  const ACCEPTED = { status: 201, code: undefined };
  const WEAK = { status: 422, code: 'WEAK_PASSWORD' };
  it('made of the name of the organisation is refused there, and nowhere else', async () => {
    const password = 'plumbwright fennimore';
    const person = { name: 'Ada', email: `${unique()}@example.com`, password };
    const there = await startTestServer({
      database: server.database,
      env: { PASSWORD_CONTEXT_WORDS: 'Guild of Quills, Plumbwright Fennimore' },
    });
    try {
      const { status, body } = await there.api.post('/users/register', person);
      expect({ status, code: body.error?.code }).toEqual(WEAK);
    } finally {
      await there.close();
    }
    expect((await register(person)).status).toBe(201);
  });

  describe('where any password is strong enough', () => {
    let lenient: TestServer;
    beforeAll(async () => {
      lenient = await startTestServer({ database: server.database, env: { PASSWORD_MIN_SCORE: '0' } });
    });
    afterAll(() => lenient.close());

    it.each([
      [7, 'WEAK_PASSWORD'],
      [8, undefined],
      [128, undefined],
      [129, 'WEAK_PASSWORD'],
      [1024, 'WEAK_PASSWORD'],
      [1025, 'VALIDATION_ERROR'],
    ])('%i characters are taken or refused by their number', async (length, code) => {
      for (const character of ['a', '\u5b57', '\u{1f9a6}', 'e\u0301']) {
        const person = { name: 'Ada', email: `${unique()}@example.com`, password: character.repeat(length) };
        const { status, body } = await lenient.api.post('/users/register', person);
        const tooLongAsTyped = Array.from(person.password).length > 1024;
        expect({ status, code: body.error?.code as string | undefined }).toEqual({
          status: code ? 422 : 201,
          code: tooLongAsTyped ? 'VALIDATION_ERROR' : code,
        });
      }
    });
  });

  it.each(['password1234', 'qwertyuiop', 'aaaaaaaaaaaa', '12345678910', 'mc101mc101'])(
    'that anybody would try first is refused with advice: %s',
    async (password) => {
      const { status, body } = await attempt(password);
      expect(status).toBe(422);
      expect(body.error.details).toEqual({
        problem: expect.stringMatching(/\w/),
        suggestions: expect.any(Array),
      });
      expect(JSON.stringify(body)).not.toContain(password);
    },
  );

  it.each([
    ['name', { name: 'Quillon Vastergard' }, 'quillonvastergard'],
    ['e-mail address', { email: 'zephyrwhittock@vinterblomst.example' }, 'zephyrwhittock'],
    ['username', { username: 'brackenthwaite9' }, 'brackenthwaite9'],
  ])('made of the own %s is refused to its owner, and nobody else', async (_, person, password) => {
    expect(await attempt(password, person)).toMatchObject(WEAK);
    expect(await attempt(password)).toMatchObject(ACCEPTED);
  });

  it('is judged by its first 64 characters', async () => {
    expect(await attempt(`${PASSWORD}${'a'.repeat(90)}`)).toMatchObject(ACCEPTED);
    expect(await attempt(`${'a'.repeat(64)}${PASSWORD}`)).toMatchObject(WEAK);
  });

  it('with characters that cannot be stored is refused', async () => {
    for (const bad of ['\0', '\ud800']) {
      expect(await attempt(`${PASSWORD}${bad}`)).toMatchObject({ status: 422, code: 'VALIDATION_ERROR' });
    }
  });
});
