import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Actor, Answer } from '../support/api-client.js';
import { comparable } from '../support/comparable.js';
import { codesTo, codeTo, moveTo, otherThan, signUpVerified, verifyEmail } from '../support/mailed-codes.js';
import { Statements } from '../support/statements.js';
import { startTestServer, unique, type TestServer } from '../support/test-server.js';

const PASSWORD = 'seven lanterns over a quiet harbour';

const statements = Statements.record();
let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ env: { RL_RESET_EMAIL_LIMIT: '3' } });
  // The first one of all reads a key, which is kept.
  await request(newAddress());
});
afterAll(async () => {
  statements.stop();
  await server.close();
});

const costOf = (ask: () => Promise<Answer>) => statements.costOf(ask);

const request = (email: string, headers = {}) =>
  server.api.post('/auth/password-reset/request', { email }, { headers });
const confirm = (email: string, code: string, password = PASSWORD) =>
  server.api.post('/auth/password-reset/confirm', { email, code, new_password: password });
const newAddress = () => `${unique()}@example.com`;

async function disabled(): Promise<Actor> {
  const actor = await server.signUp();
  await server.sql.query('UPDATE users SET is_active = false WHERE id = $1', [actor.id]);
  return actor;
}

describe('asking for a reset', () => {
  it('gets one answer by the same statements: no account, disabled, unverified, verified, without a password', async () => {
    const withoutPassword = await server.signUp();
    await server.sql.query('UPDATE users SET password_hash = NULL WHERE id = $1', [withoutPassword.id]);
    const nobody = await costOf(() => request(newAddress()));
    expect(nobody.answer.status).toBe(202);
    expect(nobody.statements.length).toBeGreaterThan(4);
    for (const { email } of [
      await server.signUp(),
      await signUpVerified(server),
      await disabled(),
      withoutPassword,
    ])
      expect(await costOf(() => request(email))).toEqual(nobody);
  });

  it('gets it past the limit of an address, too, where nothing is mailed and the live code stays', async () => {
    const alice = await signUpVerified(server);
    const within = await costOf(() => request(alice.email));
    for (let n = 0; n < 2; n += 1) await request(alice.email);
    const code = await codeTo(server, alice.email, 'passwordReset');
    const past = await costOf(() => request(alice.email));
    expect(past).toEqual(within);
    expect(await codesTo(server, alice.email, 'passwordReset')).toHaveLength(3);
    expect((await confirm(alice.email, code)).status).toBe(200);
  });

  it('writes as many rows for nobody as for somebody', async () => {
    const rowsWrittenBy = async (email: string) => {
      const count = async () =>
        (
          await server.sql.query<{ counts: number[] }>(
            `SELECT ARRAY[(SELECT count(*) FROM one_time_codes WHERE purpose = 'reset_password'), (SELECT count(*) FROM mail_messages),
                          (SELECT count(*) FROM pgboss.job), (SELECT count(*) FROM audit_events)]::int[] AS counts`,
          )
        ).rows[0]!.counts;
      const before = await count();
      await request(email);
      return (await count()).map((after, n) => after - before[n]!);
    };
    const of = async (email: string) => [await rowsWrittenBy(email), await rowsWrittenBy(email)];
    expect(await of(newAddress())).toEqual([
      [1, 1, 1, 1],
      [0, 1, 1, 1],
    ]);
    expect(await of((await signUpVerified(server)).email)).toEqual(await of(newAddress()));
  });

  it('is limited by network alone as far as anybody can see, and the refusal is the same for everybody', async () => {
    const limited = await startTestServer({
      database: server.database,
      env: { RL_RESET_IP_LIMIT: '2', RL_RESET_EMAIL_LIMIT: '1' },
    });
    try {
      const alice = await server.signUp();
      const ask = async (email: string) => {
        const answer = await limited.api.post('/auth/password-reset/request', { email });
        return { ...comparable(answer), ratelimit: answer.headers.get('ratelimit') };
      };
      // Of the limit of the address no header speaks, neither before nor past it.
      const [first, second] = [await ask(alice.email), await ask(alice.email)];
      expect([first.status, second.status]).toEqual([202, 202]);
      expect(first.ratelimit).toContain('"reset";r=1;');
      expect(second.ratelimit).toContain('"reset";r=0;');
      const refused = [await ask(alice.email), await ask(newAddress())];
      for (const { status, text } of refused) {
        expect(status).toBe(429);
        expect(text).toContain('RATE_LIMITED');
      }
      expect(refused[0]!.text).toBe(refused[1]!.text);
    } finally {
      await limited.close();
    }
  });
});

describe('a wrong code', () => {
  it('gets one answer by the same statements, whoever was asked for', async () => {
    const emails = [
      newAddress(),
      (await server.signUp()).email,
      (await signUpVerified(server)).email,
      (await disabled()).email,
    ];
    for (const email of emails) await request(email);
    // No eight digits are certainly wrong, but these are as good as certainly.
    const costs = [];
    for (const email of emails) costs.push(await costOf(() => confirm(email, '00000000')));
    expect(costs[0]!.answer.status).toBe(400);
    for (const cost of costs) expect(cost).toEqual(costs[0]);
  });

  it('gets it where nobody has asked for one, too, and after five tries', async () => {
    const without = await costOf(() => confirm(newAddress(), '00000000'));
    const alice = await server.signUp();
    expect(await costOf(() => confirm(alice.email, '00000000'))).toEqual(without);
    await request(alice.email);
    const code = await codeTo(server, alice.email, 'passwordReset');
    for (let n = 0; n < 5; n += 1)
      expect(comparable(await confirm(alice.email, otherThan(code)))).toEqual(without.answer);
    expect(await costOf(() => confirm(alice.email, code))).toEqual(without);
  });

  it('with a weak password says that alone, the same for everybody', async () => {
    const alice = await server.signUp();
    await request(alice.email);
    const known = await costOf(() => confirm(alice.email, '00000000', 'password'));
    expect(known.answer.status).toBe(422);
    expect(await costOf(() => confirm(newAddress(), '00000000', 'password'))).toEqual(known);
  });

  it('can be given five times for each code that is mailed, and codes are few', async () => {
    const alice = await signUpVerified(server);
    let looked = 0;
    for (let round = 0; round < 10; round += 1) {
      await request(alice.email);
      const code = await codeTo(server, alice.email, 'passwordReset');
      await Promise.all(Array.from({ length: 20 }, () => confirm(alice.email, otherThan(code))));
      const { rows } = await server.sql.query<{ count: number }>(
        `SELECT count(*)::int FROM audit_events WHERE subject_id = $1 AND event_type = 'authn_password_reset_fail'`,
        [alice.id],
      );
      looked = rows[0]!.count;
    }
    expect(looked).toBe(3 * 5);
    expect(await codesTo(server, alice.email, 'passwordReset')).toHaveLength(3);
  });
});

describe('a mail', () => {
  it('leads to PUBLIC_URL, whatever host the request names', async () => {
    const alice = await signUpVerified(server);
    const headers = {
      'x-forwarded-host': 'evil.example',
      forwarded: 'host=evil.example',
      origin: 'https://evil.example',
    };
    await request(alice.email, headers);
    await moveTo(server, alice, newAddress());
    const mails = await server.mailsTo(alice.email);
    expect(mails.map(({ kind }) => kind)).toEqual([
      'verifyEmail',
      'welcome',
      'passwordReset',
      'emailChanged',
    ]);
    for (const { text, html } of mails) {
      expect(text + html).not.toContain('evil.example');
      for (const [, url = ''] of text.matchAll(/(https?:\S+)/g))
        expect(url).toMatch(/^http:\/\/localhost:8000(\/app\/|$)/);
    }
  });

  it('holds nothing that its reader did not choose: no name, no other address', async () => {
    const mark = `Click-${unique()}`;
    const alice = await server.signUp({ name: `${mark} https://evil.example`, username: 'click-here' });
    const next = newAddress();
    await verifyEmail(server, alice);
    await moveTo(server, alice, next);
    await request(next);
    await server.as(alice).delete('/users');
    const mails = [...(await server.mailsTo(alice.email)), ...(await server.mailsTo(next))];
    expect(mails.length).toBeGreaterThan(4);
    for (const { subject, text, html } of mails)
      for (const foreign of [mark, 'evil.example', 'click-here', '@example.com'])
        expect(subject + text + html).not.toContain(foreign);
  });
});
