import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Actor, Answer } from '../support/api-client.js';
import { PasskeyClient } from '../support/passkey-client.js';
import { SoftwareAuthenticator } from '../support/software-authenticator.js';
import { Statements } from '../support/statements.js';
import { startTestServer, unique, type TestServer } from '../support/test-server.js';

const statements = Statements.record();
let server: TestServer;
/** Has a passkey. */
let alice: Actor;
/** Has none. */
let bob: Actor;
let client: PasskeyClient;
beforeAll(async () => {
  server = await startTestServer();
  alice = await server.signUp({ username: 'alice-listed' });
  bob = await server.signUp({ username: 'bob-listed' });
  client = new PasskeyClient(server.api, new SoftwareAuthenticator(server.config.publicUrl));
  await client.register(alice);
  await server.api.post('/auth/passkeys/login/options', { username: 'warm-up' });
});
afterAll(async () => {
  statements.stop();
  await server.close();
});

const offer = (named: object, of = server) => of.api.post('/auth/passkeys/login/options', named);
const idsFor = async (named: object, of = server) =>
  (await offer(named, of)).body.allowCredentials.map(({ id }: { id: string }) => id) as string[];

/** All of an answer but what no two answers share, and what is random in it. */
function offered({ status, headers, body }: Answer) {
  const { challenge, allowCredentials, ...rest } = body;
  const kept = [...headers.keys()].filter((name) => name !== 'content-length');
  const credentials = allowCredentials.map((credential: object) => Object.keys(credential));
  return { status, kept, rest, challenge: challenge.length, credential: credentials[0] };
}

describe('options for a name', () => {
  it('are made by the same statements, in the same form, whether or not there are an account and passkeys', async () => {
    const seen = [];
    for (const named of [
      { email: alice.email },
      { email: bob.email },
      { email: 'nobody@example.com' },
      { username: 'alice-listed' },
      { username: 'bob-listed' },
      { username: 'nobody-listed' },
    ]) {
      const cost = await statements.during(() => offer(named));
      const asked = cost.statements.map((text) =>
        text.replace(/email_normalized|username_normalized/, 'name'),
      );
      seen.push({ answer: offered(cost.result), asked });
    }
    expect(seen[0]!.answer).toMatchObject({ status: 200, credential: ['id', 'type'] });
    expect(seen[0]!.asked.length).toBeGreaterThan(2);
    for (const one of seen) expect(one).toEqual(seen[0]);
  });

  it('hold the same ids each time, however the name is spelled, and others for another name', async () => {
    const email = `nobody-${unique()}@example.com`;
    const ids = await idsFor({ email });
    expect(await idsFor({ email })).toEqual(ids);
    expect(await idsFor({ email: email.toUpperCase() })).toEqual(ids);
    expect(await idsFor({ username: email })).toEqual(ids);
    expect(await idsFor({ email: `other-${email}` })).not.toEqual(ids);
  });

  it('hold the same ids on every process, and other ones where the secret is another', async () => {
    const twin = await startTestServer({ database: server.database });
    const stranger = await startTestServer({
      env: { TOKEN_PEPPER: `k1:${Buffer.alloc(32, 'x').toString('base64')}` },
    });
    try {
      const named = { email: 'nobody@example.com' };
      expect(await idsFor(named, twin)).toEqual(await idsFor(named));
      expect(await idsFor(named, stranger)).not.toEqual(await idsFor(named));
    } finally {
      await twin.close();
      await stranger.close();
    }
  });

  it('hold ids of the lengths that authenticators make, one or two', async () => {
    const lengths = new Set<number>();
    const counts = new Set<number>();
    for (let count = 0; count < 60; count++) {
      const ids = await idsFor({ email: `nobody-${count}@example.com` });
      counts.add(ids.length);
      for (const id of ids) lengths.add(Buffer.from(id, 'base64url').length);
    }
    expect([...lengths].sort((a, b) => a - b)).toEqual([16, 20, 32, 48, 64]);
    expect([...counts].sort()).toEqual([1, 2]);
  });

  it('without a name hold none', async () => {
    expect(await idsFor({})).toEqual([]);
  });
});

describe('a login that fails', () => {
  it('asks the same of the database, and is answered the same, for an id that is real and one that is not', async () => {
    const seen = [];
    const { id } = client.authenticator.credentials[0]!;
    for (const claimed of [id, (await idsFor({ email: bob.email }))[0]!]) {
      const { body: options } = await offer({ email: alice.email });
      const credential = client.authenticator.get(options, {
        id: claimed,
        tamper: () => Buffer.alloc(70, 1),
      });
      seen.push(await statements.costOf(() => client.verify(credential)));
    }
    expect(seen[0]).toMatchObject({ answer: { status: 401 } });
    expect(seen[0]!.statements.length).toBeGreaterThan(3);
    expect(seen[1]).toEqual(seen[0]);
  });
});
