import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Clock } from '../../../src/common/clock.js';
import type { Actor, Answer, ApiClient } from '../../support/api-client.js';
import { Authenticator, enrol } from '../../support/authenticator.js';
import { Held } from '../../support/held.js';
import { codeTo } from '../../support/mailed-codes.js';
import { PasskeyClient } from '../../support/passkey-client.js';
import { SoftwareAuthenticator } from '../../support/software-authenticator.js';
import { startTestServer, unique, type TestServer } from '../../support/test-server.js';
import { tokenIn } from '../../support/notice-stage.js';

/** Begun while the session was alive, a request waits for the account; when it is its turn the session has ended. */

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

const clock = () => server.app.get(Clock);
const passkeyOf = () => new PasskeyClient(server.api, new SoftwareAuthenticator(server.config.publicUrl));

/** A request that is made ready first, and sent when the account is held. */
type Prepare = (ada: Actor) => Promise<(api: ApiClient) => Promise<Answer>>;

const registerPasskey: Prepare = async (ada) => {
  const { body: options } = await server.as(ada).post('/auth/passkeys/register/options');
  const credential = passkeyOf().authenticator.create(options);
  return (api) => api.post('/auth/passkeys/register/verify', { credential });
};
const confirmApp: Prepare = async (ada) => {
  const { body } = await server.as(ada).post('/auth/mfa/totp/setup');
  const code = new Authenticator(body.secret as string, clock()).code();
  return (api) => api.post('/auth/mfa/totp/confirm', { code });
};

const WAYS: [string, Prepare][] = [
  ['registers a passkey', registerPasskey],
  ['confirms an authenticator app', confirmApp],
  [
    'removes a passkey',
    async (ada) => {
      const { body } = await passkeyOf().register(ada);
      return (api) => api.delete(`/auth/passkeys/${body.id}`);
    },
  ],
  [
    'disables the authenticator app by the password',
    async (ada) => {
      await enrol(server.api, clock(), ada);
      return (api) => api.post('/auth/mfa/disable', { password: ada.password });
    },
  ],
  [
    'disables the authenticator app by a code',
    async (ada) => {
      const { app } = await enrol(server.api, clock(), ada);
      return (api) => api.post('/auth/mfa/disable', { code: app.code(1) });
    },
  ],
  [
    'replaces the backup codes',
    async (ada) => {
      const { app } = await enrol(server.api, clock(), ada);
      return (api) => api.post('/auth/mfa/backup-codes/regenerate', { code: app.code(1) });
    },
  ],
  [
    'changes the password',
    ({ password }) =>
      Promise.resolve((api) =>
        api.post('/users/change-password', {
          current_password: password,
          new_password: 'nine lanterns over a harbour',
        }),
      ),
  ],
  [
    'confirms another address',
    async (ada) => {
      const email = `${unique()}@example.com`;
      await server.as(ada).patch('/users', { email });
      const code = await codeTo(server, email, 'changeEmail');
      return (api) => api.post('/auth/email/confirm-change', { code });
    },
  ],
];

/** All that lets somebody in. */
async function waysIn({ id }: Pick<Actor, 'id'>): Promise<unknown> {
  const { rows } = await server.sql.query(
    `SELECT email, password_hash,
            (SELECT jsonb_agg(p.id ORDER BY p.id) FROM passkeys p WHERE p.user_id = u.id) AS passkeys,
            (SELECT confirmed_at FROM mfa_totp m WHERE m.user_id = u.id) AS app,
            (SELECT jsonb_agg(b ORDER BY b.code_hash) FROM mfa_backup_codes b WHERE b.user_id = u.id) AS backup_codes
     FROM users u WHERE id = $1`,
    [id],
  );
  return rows;
}

describe('a session that has ended', () => {
  it.each(WAYS)('changes no way in: whoever %s is logged out meanwhile', async (_, prepare) => {
    const ada = await server.signUp();
    const send = await prepare(ada);
    const before = await waysIn(ada);
    const held = await Held.account(server.sql, ada);
    const answer = send(server.as(ada));
    await held.untilBlocked(1);
    const { status } = await server.as(ada).post('/users/logout');
    await held.commit();
    expect({ status, refusal: (await answer).body?.error?.code as unknown }).toEqual({
      status: 200,
      refusal: 'UNAUTHENTICATED',
    });
    expect(await waysIn(ada)).toEqual(before);
  });

  it.each([
    ['registers a passkey', registerPasskey],
    ['confirms an authenticator app', confirmApp],
  ])('leaves nothing behind its end: whoever %s is disowned meanwhile', async (_, prepare) => {
    const ada = await server.signUp();
    const thief = { ...ada, token: await server.logIn(ada) };
    const letter = (await server.mailsTo(ada.email)).find(({ kind }) => kind === 'newDevice')!;
    const send = await prepare(thief);
    const held = await Held.account(server.sql, ada);
    const disowned = server.api.post('/auth/not-me', { token: tokenIn(letter) });
    await held.untilBlocked(1);
    const answer = send(server.as(thief));
    await held.untilBlocked(2);
    await held.commit();
    expect([(await disowned).status, (await answer).status]).toEqual([200, 401]);
    expect(await waysIn(ada)).toMatchObject([{ passkeys: null, app: null }]);
  });
});
