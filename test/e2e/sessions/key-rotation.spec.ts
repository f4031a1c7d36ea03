import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { TEST_SECRETS } from '../../support/test-config.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';
import { startTestServer, type TestServer } from '../../support/test-server.js';
import { expectRefused, People, type Tokens } from './people.js';

const entry = (id: string, fill: string) => `${id}:${Buffer.alloc(32, fill).toString('base64')}`;

let database: TestDatabase;
const servers: TestServer[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
});
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});
afterAll(() => database.drop());

/** A process of the service with this ring. All of them share one database. */
async function start(env: Record<string, string>): Promise<TestServer> {
  const server = await startTestServer({ database, env });
  servers.push(server);
  return server;
}

const keyIdOf = ({ access_token }: Tokens) =>
  (JSON.parse(Buffer.from(access_token.split('.')[0]!, 'base64url').toString()) as { kid: string }).kid;

describe('JWT_SECRET_KEY', () => {
  const OLD = TEST_SECRETS.JWT_SECRET_KEY;
  const NEW = entry('k2', 'n');

  it('is rotated over several processes with nobody logged out, at any step', async () => {
    const oldOnly = await start({ JWT_SECRET_KEY: OLD });
    const appended = await start({ JWT_SECRET_KEY: `${OLD},${NEW}` });
    const newFirst = await start({ JWT_SECRET_KEY: `${NEW},${OLD}` });
    const newOnly = await start({ JWT_SECRET_KEY: NEW });
    const { email, password, token } = await oldOnly.signUp();
    const tokens = {
      oldOnly: { access_token: token, refresh_token: '' },
      appended: await new People(appended).logIn({ email, password }),
      newFirst: await new People(newFirst).logIn({ email, password }),
    };
    expect([keyIdOf(tokens.oldOnly), keyIdOf(tokens.appended), keyIdOf(tokens.newFirst)]).toEqual([
      'k1',
      'k1',
      'k2',
    ]);
    // Each pair that runs side by side during a step understands each other.
    const sideBySide: [TestServer, TestServer, Tokens, Tokens][] = [
      [oldOnly, appended, tokens.oldOnly, tokens.appended],
      [appended, newFirst, tokens.appended, tokens.newFirst],
    ];
    for (const [one, other, ofOne, ofOther] of sideBySide)
      for (const process of [one, other])
        for (const { access_token } of [ofOne, ofOther])
          expect(await new People(process).isIn(access_token)).toBe(true);
    // Without the old key its access tokens end; the session goes on with a refresh.
    expect(await new People(newOnly).isIn(tokens.newFirst.access_token)).toBe(true);
    expect(await new People(newOnly).isIn(tokens.appended.access_token)).toBe(false);
    const refreshed = await new People(newOnly).refresh(tokens.appended.refresh_token);
    expect(refreshed.status).toBe(200);
    expect(await new People(newOnly).isIn(refreshed.body.access_token)).toBe(true);
    expect(await new People(newOnly).sessionIdOf(refreshed.body.access_token)).toBe(
      await new People(appended).sessionIdOf(tokens.appended.access_token),
    );
  });
});

describe('TOKEN_PEPPER', () => {
  const OLD = TEST_SECRETS.TOKEN_PEPPER;
  const NEW = entry('k2', 'p');

  it('is rotated over several processes with nobody logged out, at any step', async () => {
    const oldOnly = new People(await start({ TOKEN_PEPPER: OLD }));
    const appended = new People(await start({ TOKEN_PEPPER: `${OLD},${NEW}` }));
    const newFirst = new People(await start({ TOKEN_PEPPER: `${NEW},${OLD}` }));
    const { tokens } = await oldOnly.signUp();
    let token = tokens.refresh_token;
    // In the order of the steps, each process after the one that ran beside it.
    for (const process of [appended, oldOnly, appended, newFirst, appended, newFirst]) {
      const answer = await process.refresh(token);
      expect(answer.status).toBe(200);
      token = answer.body.refresh_token as string;
    }
  });

  it('that is gone ends the sessions that were not refreshed since, and no other', async () => {
    const newFirst = new People(await start({ TOKEN_PEPPER: `${NEW},${OLD}` }));
    const oldOnly = new People(await start({ TOKEN_PEPPER: OLD }));
    const { person, tokens: idle } = await oldOnly.signUp();
    const active = await oldOnly.logIn(person);
    const moved = (await newFirst.refresh(active.refresh_token)).body as Tokens;
    const newOnly = new People(await start({ TOKEN_PEPPER: NEW }));
    expectRefused(await newOnly.refresh(idle.refresh_token));
    expect((await newOnly.refresh(moved.refresh_token)).status).toBe(200);
    // A session that cannot be refreshed lives on by its access token, as long as that lasts.
    expect(await newOnly.isIn(idle.access_token)).toBe(true);
  });

  it('may differ in order between two processes that get the same token at once: one successor for both', async () => {
    const appended = new People(await start({ TOKEN_PEPPER: `${OLD},${NEW}` }));
    const newFirst = new People(await start({ TOKEN_PEPPER: `${NEW},${OLD}` }));
    const { tokens } = await appended.signUp();
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, n) => (n % 2 === 0 ? appended : newFirst).refresh(tokens.refresh_token)),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(new Set(answers.map(({ body }) => body.refresh_token as string)).size).toBe(1);
  });

  it('still tells a stolen token, also when it was used under the former first key', async () => {
    const oldOnly = new People(await start({ TOKEN_PEPPER: OLD }));
    const newFirst = new People(await start({ TOKEN_PEPPER: `${NEW},${OLD}` }));
    const { person, tokens } = await oldOnly.signUp();
    const next = (await newFirst.refresh(tokens.refresh_token)).body as Tokens;
    await newFirst.letPass(person, 11);
    expectRefused(await newFirst.refresh(tokens.refresh_token));
    expect(await newFirst.isIn(next.access_token)).toBe(false);
  });

  it('that one process lacks makes it refuse a repeat, and ends nothing', async () => {
    const oldOnly = new People(await start({ TOKEN_PEPPER: OLD }));
    const newFirst = new People(await start({ TOKEN_PEPPER: `${NEW},${OLD}` }));
    const { tokens } = await oldOnly.signUp();
    const next = (await newFirst.refresh(tokens.refresh_token)).body as Tokens;
    expectRefused(await oldOnly.refresh(tokens.refresh_token));
    expect(await newFirst.isIn(next.access_token)).toBe(true);
    expect((await newFirst.refresh(next.refresh_token)).status).toBe(200);
  });

  it('ends a session by any of its tokens at logout', async () => {
    const oldOnly = new People(await start({ TOKEN_PEPPER: OLD }));
    const server = await start({ TOKEN_PEPPER: `${NEW},${OLD}` });
    const { tokens } = await oldOnly.signUp();
    expect((await server.api.post('/auth/logout', { refresh_token: tokens.refresh_token })).status).toBe(200);
    expect(await oldOnly.isIn(tokens.access_token)).toBe(false);
  });
});
