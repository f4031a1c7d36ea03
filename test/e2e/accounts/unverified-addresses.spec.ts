import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Actor } from '../../support/api-client.js';
import { codesTo, moveTo, verifyEmail } from '../../support/mailed-codes.js';
import { startTestServer, unique, type TestServer } from '../../support/test-server.js';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ env: { RL_RESET_EMAIL_LIMIT: '3' } });
});
afterAll(() => server.close());

const newAddress = () => `${unique()}@example.com`;
const lettersTo = async (address: string, kind: string) =>
  (await server.mailsTo(address)).filter((mail) => mail.kind === kind);

describe('an address that nobody has verified', () => {
  it('is told when its account leaves it, without a way back, which might be a stranger’s', async () => {
    const alice = await server.signUp();
    expect((await moveTo(server, alice, newAddress())).status).toBe(200);
    const [letter] = await lettersTo(alice.email, 'emailChanged');
    expect(letter!.text).toContain('Your account at MC101 has another e-mail address now.');
    expect(letter!.text).not.toMatch(/email-revert|token/);
    const { rowCount } = await server.sql.query('SELECT FROM email_reverts WHERE user_id = $1', [alice.id]);
    expect(rowCount).toBe(0);
  });

  it('can be verified by its owner, however often others have had codes mailed there', async () => {
    const mallory = await server.signUp();
    const target = newAddress();
    for (let n = 0; n < 3; n += 1)
      expect((await server.as(mallory).patch('/users', { email: target })).status).toBe(200);
    expect((await server.as(mallory).patch('/users', { email: target })).status).toBe(429);
    const alice = await server.signUp({ email: target });
    expect((await server.as(alice).post('/auth/email/resend')).status).toBe(202);
    expect(await codesTo(server, target, 'verifyEmail')).toHaveLength(2);
    expect((await verifyEmail(server, alice)).status).toBe(200);
  });

  it('gets few letters of what its registrant does, also from one account after another', async () => {
    const target = newAddress();
    for (let round = 0; round < 2; round += 1) {
      const mallory = await server.signUp({ email: target });
      await annoy(mallory);
      expect((await server.as(mallory).delete('/users')).status).toBe(204);
    }
    const kinds = (await server.mailsTo(target)).map(({ kind }) => kind).sort();
    expect(kinds).toEqual([
      ...Array.from({ length: 3 }, () => 'newDevice'),
      'passwordChanged',
      'usernameChanged',
      ...Array.from({ length: 2 }, () => 'verifyEmail'),
    ]);
  });
});

/** All that brings letters and costs nothing. */
async function annoy(mallory: Actor): Promise<void> {
  for (let n = 0; n < 3; n += 1) {
    await server.as(mallory).patch('/users', { username: `annoying-${unique()}` });
    await server.logIn(mallory);
    const change = { current_password: mallory.password, new_password: `${mallory.password} ${n}` };
    expect((await server.as(mallory).post('/users/change-password', change)).status).toBe(200);
    mallory.password = change.new_password;
  }
}
