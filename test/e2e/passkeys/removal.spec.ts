import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Actor, Answer } from '../../support/api-client.js';
import { PasskeyClient } from '../../support/passkey-client.js';
import { SoftwareAuthenticator } from '../../support/software-authenticator.js';
import { startTestServer, type TestServer } from '../../support/test-server.js';

let server: TestServer;
let strict: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  strict = await startTestServer({ database: server.database, env: { REQUIRE_MFA: 'all' } });
});
afterAll(async () => {
  await strict.close();
  await server.close();
});

const newPasskey = () => new PasskeyClient(server.api, new SoftwareAuthenticator(server.config.publicUrl));
const sessionOf = ({ body }: Answer): Pick<Actor, 'token'> => ({ token: body.access_token });
const statusFor = async (actor: Pick<Actor, 'token'>, at = server) =>
  (await at.as(actor).get('/users/notes')).status;

describe('a passkey that is removed', () => {
  it('takes every other session along, as it may have begun them, and leaves the one that removed it', async () => {
    const alice = await server.signUp();
    const stolen = newPasskey();
    const { body } = await stolen.register(alice);
    const thief = sessionOf(await stolen.logIn());
    const other = { token: await server.logIn(alice) };
    expect((await server.as(alice).delete(`/auth/passkeys/${body.id}`)).status).toBe(204);
    expect(await Promise.all([thief, other, alice].map((actor) => statusFor(actor)))).toEqual([
      401, 401, 200,
    ]);
    const { rows } = await server.sql.query(
      `SELECT details FROM audit_events WHERE subject_id = $1 AND event_type = 'authn_token_revoked'`,
      [alice.id],
    );
    expect(rows).toEqual([{ details: { reason: 'mfa-changed', sessions: 2 } }]);
  });

  it('is no second factor any more to the session that it began, once it was the last one', async () => {
    const alice = await server.signUp();
    const [first, last] = [newPasskey(), newPasskey()];
    const ids = [(await first.register(alice)).body.id, (await last.register(alice)).body.id];
    const session = sessionOf(await last.logIn());
    expect(await statusFor(session, strict)).toBe(200);
    expect((await server.as(session).delete(`/auth/passkeys/${ids[0]}`)).status).toBe(204);
    expect(await statusFor(session, strict)).toBe(200);
    expect((await server.as(session).delete(`/auth/passkeys/${ids[1]}`)).status).toBe(204);
    expect((await strict.as(session).get('/users/notes')).body.error.code).toBe('MFA_SETUP_REQUIRED');
    expect(await statusFor(session)).toBe(200);
  });
});
