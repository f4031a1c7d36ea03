import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { SecurityNotice } from '../../../src/auth/notices/security-notices.js';
import type { Actor } from '../../support/api-client.js';
import { PasskeyClient } from '../../support/passkey-client.js';
import { SoftwareAuthenticator } from '../../support/software-authenticator.js';
import { outcome } from '../../support/outcome.js';
import { collectNotices } from '../../support/notices.js';
import { eventsOf } from '../../support/audited.js';
import { startTestServer, type TestServer } from '../../support/test-server.js';

let server: TestServer;
let notices: SecurityNotice[];
beforeAll(async () => {
  server = await startTestServer();
  notices = collectNotices(server);
});
afterAll(() => server.close());

const newClient = (kind: 'ES256' | 'EdDSA' = 'ES256', counts = true) =>
  new PasskeyClient(server.api, new SoftwareAuthenticator(server.config.publicUrl, kind, counts));

const age = (actor: Actor) =>
  server.sql.query(
    `UPDATE sessions SET authenticated_at = now() - interval '16 minutes' WHERE user_id = $1`,
    [actor.id],
  );

describe('registering a passkey', () => {
  it.each(['ES256', 'EdDSA'] as const)(
    'of %s makes one that logs in, without a name and with one',
    async (kind) => {
      const alice = await server.signUp();
      const client = newClient(kind);
      const registered = await client.register(alice, {}, 'Laptop');
      expect(registered.status).toBe(201);
      for (const named of [{}, { email: alice.email }]) {
        const answer = await client.logIn({}, named);
        expect(answer.body).toMatchObject({ token_type: 'bearer', device_token: expect.any(String) });
        const { body } = await server.as({ token: answer.body.access_token }).get('/users/info');
        expect(body).toMatchObject({ email: alice.email });
      }
    },
  );

  it('asks for user verification, no attestation, and tells the authenticator nothing of the account but its names', async () => {
    const alice = await server.signUp({ username: 'alice-options', name: 'Alice' });
    const ask = async () => (await server.as(alice).post('/auth/passkeys/register/options')).body;
    const options = await ask();
    expect(options).toEqual({
      rp: { id: 'localhost', name: 'MC101' },
      user: { id: expect.stringMatching(/^[\w-]{43}$/), name: 'alice-options', displayName: 'Alice' },
      challenge: expect.stringMatching(/^[\w-]{43}$/),
      pubKeyCredParams: [-8, -7, -257].map((alg) => ({ type: 'public-key', alg })),
      timeout: 300_000,
      excludeCredentials: [],
      authenticatorSelection: {
        residentKey: 'preferred',
        requireResidentKey: false,
        userVerification: 'required',
      },
      attestation: 'none',
      extensions: { credProps: true },
      hints: [],
    });
    const again = await ask();
    expect(again.user.id).toBe(options.user.id);
    expect(again.challenge).not.toBe(options.challenge);
    const other = await server.as(await server.signUp()).post('/auth/passkeys/register/options');
    expect(other.body.user.id).not.toBe(options.user.id);
  });

  it('names the passkeys that there are, so that an authenticator makes no second one', async () => {
    const alice = await server.signUp();
    const client = newClient();
    await client.register(alice, { transports: ['usb', 'nfc', 'usb'] });
    const { body } = await server.as(alice).post('/auth/passkeys/register/options');
    expect(body.excludeCredentials).toEqual([
      { id: client.authenticator.credentials[0]!.id, type: 'public-key', transports: ['usb', 'nfc'] },
    ]);
  });

  it('is recorded, and told to the owner', async () => {
    const alice = await server.signUp();
    const { body } = await newClient().register(alice, {}, 'Key');
    expect(await eventsOf(server, alice, 'passkey_%')).toEqual([
      {
        event_type: 'passkey_registered',
        actor_id: alice.id,
        details: { passkey_id: body.id, backup_eligible: false },
      },
    ]);
    expect(notices).toContainEqual({ kind: 'passkey_registered', userId: alice.id });
  });

  it('needs a recent login', async () => {
    const alice = await server.signUp();
    await age(alice);
    expect(outcome(await server.as(alice).post('/auth/passkeys/register/options'))).toEqual([
      403,
      'REAUTHENTICATION_REQUIRED',
    ]);
  });

  it('stops at twenty, also when many come at once', async () => {
    const alice = await server.signUp();
    for (let count = 0; count < 18; count++) await newClient().register(alice);
    const ready = await Promise.all(
      Array.from({ length: 8 }, async () => {
        const { body } = await server.as(alice).post('/auth/passkeys/register/options');
        return newClient().authenticator.create(body);
      }),
    );
    const answers = await Promise.all(
      ready.map((credential) => server.as(alice).post('/auth/passkeys/register/verify', { credential })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 201, 409, 409, 409, 409, 409, 409]);
    expect(outcome(await server.as(alice).post('/auth/passkeys/register/options'))).toEqual([
      409,
      'PASSKEY_LIMIT',
    ]);
    const { body } = await server.as(alice).get('/auth/passkeys?limit=100');
    expect(body.items).toHaveLength(20);
  });

  it('is not offered by a service whose address has no name', async () => {
    const nameless = await startTestServer({ env: { PUBLIC_URL: 'http://127.0.0.1:8000' } });
    try {
      const alice = await nameless.signUp();
      expect(outcome(await nameless.as(alice).post('/auth/passkeys/register/options'))).toEqual([
        409,
        'PASSKEYS_UNAVAILABLE',
      ]);
      expect(outcome(await nameless.api.post('/auth/passkeys/login/options', {}))).toEqual([
        409,
        'PASSKEYS_UNAVAILABLE',
      ]);
    } finally {
      await nameless.close();
    }
  });
});
