import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Actor } from '../../support/api-client.js';
import { newAddress, startLimitedServer } from '../../support/limited-server.js';
import {
  codesTo,
  codeTo,
  moveTo,
  otherThan,
  revertTokenTo,
  signUpVerified,
} from '../../support/mailed-codes.js';
import { outcome } from '../../support/outcome.js';
import { unique, type TestServer } from '../../support/test-server.js';

const PASSWORD = 'seven lanterns over a quiet harbour';

let server: TestServer;
beforeAll(async () => {
  // Resets are limited as shipped.
  server = await startLimitedServer({
    MAIL_DISABLED: 'false',
    MAIL_URL: 'smtp://localhost:1',
    RL_RESET_EMAIL_LIMIT: '3',
    RL_RESET_IP_LIMIT: '5',
  });
});
afterAll(() => server.close());

const from = (address: string) => ({ headers: { 'x-forwarded-for': address } });
const request = (email: string, address = newAddress()) =>
  server.api.post('/auth/password-reset/request', { email }, from(address));
const confirm = (email: string, code: string, address = newAddress()) =>
  server.api.post('/auth/password-reset/confirm', { email, code, new_password: PASSWORD }, from(address));
const INVALID = [400, 'CODE_INVALID'];
const codesOf = ({ email }: Actor) => codesTo(server, email, 'passwordReset');
const newestOf = ({ email }: Actor) => codeTo(server, email, 'passwordReset');

async function triesSeen({ id }: Actor): Promise<number> {
  const { rowCount } = await server.sql.query(
    `SELECT FROM audit_events WHERE subject_id = $1 AND event_type = 'authn_password_reset_fail'`,
    [id],
  );
  return rowCount ?? 0;
}

async function askAsOftenAsAllowed({ email }: Actor): Promise<void> {
  for (let n = 0; n < 3; n += 1) expect((await request(email)).status).toBe(202);
}

describe('somebody who keeps others from resetting their password', () => {
  it('by asking and guessing from one network uses up neither the codes of the owner nor the tries', async () => {
    const alice = await signUpVerified(server);
    const stranger = newAddress();
    for (let round = 0; round < 3; round += 1) {
      expect((await request(alice.email, stranger)).status).toBe(202);
      const wrong = otherThan(await newestOf(alice));
      for (let n = 0; n < 5; n += 1)
        expect(outcome(await confirm(alice.email, wrong, stranger))).toEqual(INVALID);
    }
    expect((await request(alice.email)).status).toBe(202);
    expect((await confirm(alice.email, await newestOf(alice))).status).toBe(200);
  });

  it('is not helped by the limit of the address: once the code that is live has ended there is another', async () => {
    const alice = await signUpVerified(server);
    await askAsOftenAsAllowed(alice);
    await request(alice.email);
    expect(await codesOf(alice)).toHaveLength(3);
    await server.sql.query('UPDATE one_time_codes SET expires_at = now() WHERE user_id = $1', [alice.id]);
    await request(alice.email);
    await request(alice.email);
    expect(await codesOf(alice)).toHaveLength(4);
    expect((await confirm(alice.email, await newestOf(alice))).status).toBe(200);
  });

  it('nor by codes that ended with the password, when the owner has taken the account back', async () => {
    const alice = await signUpVerified(server);
    await askAsOftenAsAllowed(alice);
    await moveTo(server, alice, `${unique()}@example.com`);
    const token = await revertTokenTo(server, alice.email);
    expect((await server.api.post('/auth/email/revert', { token })).status).toBe(200);
    await request(alice.email);
    expect(await codesOf(alice)).toHaveLength(4);
    expect((await confirm(alice.email, await newestOf(alice))).status).toBe(200);
  });
});

describe('somebody who guesses the code of a reset', () => {
  it('has five tries in one network, also with many addresses of it and many at once', async () => {
    const alice = await signUpVerified(server);
    await request(alice.email);
    const code = await newestOf(alice);
    const address = (n: number) => `2001:db8:0:7::${(n + 1).toString(16)}`;
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, n) => confirm(alice.email, otherThan(code), address(n))),
    );
    for (const answer of answers) expect(outcome(answer)).toEqual(INVALID);
    expect(await triesSeen(alice)).toBe(5);
    expect(outcome(await confirm(alice.email, code, address(99)))).toEqual(INVALID);
    expect((await confirm(alice.email, code)).status).toBe(200);
  });

  it('has fifteen from everywhere together', async () => {
    const alice = await signUpVerified(server);
    await request(alice.email);
    const code = await newestOf(alice);
    const networks = Array.from({ length: 6 }, () => newAddress());
    await Promise.all(
      networks.flatMap((address) =>
        Array.from({ length: 6 }, () => confirm(alice.email, otherThan(code), address)),
      ),
    );
    expect(await triesSeen(alice)).toBe(15);
    expect(outcome(await confirm(alice.email, code))).toEqual(INVALID);
  });

  it('leaves no network behind that could be read', async () => {
    const alice = await signUpVerified(server);
    await request(alice.email);
    await confirm(alice.email, otherThan(await newestOf(alice)), '203.0.113.77');
    const { rows } = await server.sql.query<{ tried_from: string[] }>(
      `SELECT tried_from FROM one_time_codes WHERE user_id = $1 AND purpose = 'reset_password'`,
      [alice.id],
    );
    expect(rows).toEqual([{ tried_from: [expect.stringMatching(/^[\w-]{22}$/)] }]);
  });
});
