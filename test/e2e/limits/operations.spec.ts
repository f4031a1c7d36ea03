import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { unique, startTestServer, type TestServer } from '../../support/test-server.js';
import { People } from '../sessions/people.js';
import { from, holdTime, newAddress, remaining, startLimitedServer } from '../../support/limited-server.js';

let server: TestServer;
beforeAll(async () => {
  server = await startLimitedServer({ RL_SIGNUP_IP_LIMIT: '3', RL_RENAME_USER_LIMIT: '2' });
});
afterAll(() => server.close());
afterEach(() => {
  jest.restoreAllMocks();
});

const PASSWORD = 'a curious otter sings at dawn';
const register = (address: string, body: object = {}, path = '/users/register') => {
  const id = unique();
  const person = { name: 'Ada', email: `ada-${id}@example.com`, password: `${PASSWORD} ${id}`, ...body };
  return server.api.post(path, person, from(address));
};

it('an address registers so many accounts an hour, and what tells of a taken name counts like an account', async () => {
  const wait = holdTime(server);
  const address = newAddress();
  const email = `taken-${unique()}@example.com`;
  const answers = [
    await register(address, { email }),
    await register(address, { email }, '/v1/users/register/'),
    await register(address),
  ];
  expect(answers.map(({ status }) => status)).toEqual([201, 400, 201]);
  expect(answers.map((answer) => remaining(answer, 'signup'))).toEqual([2, 1, 0]);
  expect(answers[0]!.headers.get('ratelimit-policy')).toBe('"api";q=1000000;w=60, "signup";q=3;w=3600');
  const refused = await register(address);
  expect(refused.status).toBe(429);
  expect(refused.body.error.code).toBe('RATE_LIMITED');
  expect(refused.headers.get('retry-after')).toBe('3600');
  // Also a free address and a taken one look the same now.
  expect((await register(address, { email })).status).toBe(429);
  expect((await register(newAddress())).status).toBe(201);
  wait(3600);
  expect((await register(address)).status).toBe(201);
});

it('a password that is refused, and a body that is not valid, do not use the limit up', async () => {
  const address = newAddress();
  for (let n = 0; n < 4; n += 1) {
    expect((await register(address, { password: 'password1' })).status).toBe(422);
    expect((await register(address, { email: 'no address' })).status).toBe(422);
  }
  expect(remaining(await register(address), 'signup')).toBe(2);
});

it('passwords that are judged too weak are limited too, as judging them costs, and nobody is kept from the rest', async () => {
  const address = newAddress();
  const weak = () => register(address, { password: 'password1' });
  for (let n = 0; n < 18; n += 1) expect((await weak()).status).toBe(422);
  expect((await weak()).status).toBe(429);
  expect((await register(newAddress())).status).toBe(201);
});

it('of refusals to whom nobody knows so many an hour and address are kept, and all are answered', async () => {
  const refuse = (address: string) =>
    server.api.post(
      '/auth/web/login',
      {},
      { headers: { ...from(address).headers, origin: 'https://evil.example' } },
    );
  const kept = async () =>
    (
      await server.sql.query<{ n: number }>(
        `SELECT count(*)::int AS n FROM audit_events WHERE event_type = 'authz_fail'`,
      )
    ).rows[0]!.n;
  const before = await kept();
  const address = newAddress();
  for (let n = 0; n < 25; n += 1) expect((await refuse(address)).status).toBe(403);
  expect(await kept()).toBe(before + 18);
  expect((await refuse(newAddress())).status).toBe(403);
  expect(await kept()).toBe(before + 19);
});

it('ten registrations at once make no more accounts than the limit says', async () => {
  const address = newAddress();
  const answers = await Promise.all(Array.from({ length: 10 }, () => register(address)));
  expect(answers.map(({ status }) => status).sort()).toEqual([
    ...Array.from({ length: 3 }, () => 201),
    ...Array.from({ length: 7 }, () => 429),
  ]);
});

it('an account tries so many usernames an hour, taken or free', async () => {
  const taken = `taken-${unique()}`;
  await register(newAddress(), { username: taken });
  const [alice] = await server.signUpCrowd(1);
  const rename = (username: string | null) => server.as(alice!).patch('/users/', { username });
  const [first, second] = [await rename(taken), await rename(`free-${unique()}`)];
  expect([first.status, second.status]).toEqual([400, 200]);
  expect([first, second].map((answer) => remaining(answer, 'rename'))).toEqual([1, 0]);
  expect((await rename(taken)).status).toBe(429);
  // What asks about nobody's name is not counted: the same one again, none, another display name.
  expect((await rename(second.body.username as string)).status).toBe(200);
  expect((await rename(null)).status).toBe(200);
  expect((await server.as(alice!).patch('/users/', { name: 'Ada King' })).status).toBe(200);
});

it('a limit of 0 is none, and no answer speaks of it', async () => {
  const open = await startTestServer({ env: { RL_API_LIMIT: '0', RL_SIGNUP_IP_LIMIT: '0' } });
  try {
    const answers = await Promise.all(Array.from({ length: 320 }, () => open.api.get('/')));
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    expect(answers.some(({ headers }) => headers.has('ratelimit'))).toBe(false);
    await open.signUp();
  } finally {
    await open.close();
  }
});

describe('tokens are refreshed so many times an hour and user', () => {
  const LIMIT = 3;
  let own: TestServer;
  let people: People;
  beforeAll(async () => {
    own = await startTestServer({ env: { RL_REFRESH_USER_LIMIT: String(LIMIT) } });
    people = new People(own);
  });
  afterAll(() => own.close());

  it('in all sessions together, and a token that was refused for it can be used later', async () => {
    const wait = holdTime(own);
    const { person, tokens } = await people.signUp();
    const second = await people.logIn(person);
    let token = tokens.refresh_token;
    for (let n = 1; n <= LIMIT; n += 1) {
      const answer = await people.refresh(token);
      expect([answer.status, remaining(answer, 'refresh')]).toEqual([200, LIMIT - n]);
      token = answer.body.refresh_token as string;
    }
    for (const one of [token, second.refresh_token]) {
      const refused = await people.refresh(one);
      expect([refused.status, refused.body.error.code]).toEqual([429, 'RATE_LIMITED']);
      expect(refused.headers.get('retry-after')).toBe('3600');
    }
    wait(3600);
    expect((await people.refresh(token)).status).toBe(200);
    expect((await people.refresh(second.refresh_token)).status).toBe(200);
  });

  it('of which a repeat, an unknown token and one of an ended session use nothing up', async () => {
    const { person, tokens } = await people.signUp();
    const ended = await people.logIn(person);
    await own.as({ token: ended.access_token }).post('/users/logout');
    const first = await people.refresh(tokens.refresh_token);
    for (let n = 0; n < LIMIT; n += 1) {
      expect((await people.refresh(tokens.refresh_token)).body.refresh_token).toBe(first.body.refresh_token);
      expect((await people.refresh(ended.refresh_token)).status).toBe(401);
      expect((await people.refresh('mc101rt_unknown')).status).toBe(401);
    }
    expect(remaining(await people.refresh(first.body.refresh_token as string), 'refresh')).toBe(LIMIT - 2);
  });

  it('and past the limit a stolen token is noticed all the same', async () => {
    const { tokens } = await people.signUp();
    let token = tokens.refresh_token;
    for (let n = 0; n < LIMIT; n += 1) token = (await people.refresh(token)).body.refresh_token as string;
    expect((await people.refresh(token)).status).toBe(429);
    // Whoever had the first one comes with it after its successor was used.
    expect((await people.refresh(tokens.refresh_token)).status).toBe(401);
    expect(await people.isIn(tokens.access_token)).toBe(false);
  });
});
