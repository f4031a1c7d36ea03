import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CodeHashesService } from '../../../src/auth/codes/code-hashes.service.js';
import { OneTimeCodesService, codeOf } from '../../../src/auth/codes/one-time-codes.service.js';
import { RecoverySweep } from '../../../src/auth/recovery/recovery-sweep.service.js';
import { UsersService } from '../../../src/users/users.service.js';
import { Held } from '../../support/held.js';
import { codeTo, moveTo, otherThan, revertTokenTo, verifyEmail } from '../../support/mailed-codes.js';
import { TEST_SECRETS } from '../../support/test-config.js';
import { startTestServer, unique, type TestServer } from '../../support/test-server.js';

const PASSWORD = 'seven lanterns over a quiet harbour';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

/** Somebody with a code of a purpose that no route issues for them just now. */
async function withCode() {
  const { id, email: emailNormalized } = await server.signUp();
  const codes = server.app.get(OneTimeCodesService);
  const codeFor = codeOf('change_email', { id, emailNormalized });
  const issued = await server.app
    .get(UsersService)
    .transaction((manager) => codes.issue(manager, 'change_email', { id, emailNormalized }));
  return { id, codes, codeFor, issued };
}

const use = (
  codes: OneTimeCodesService,
  proven: NonNullable<Awaited<ReturnType<typeof codes.try>>['proven']>,
) => server.app.get(UsersService).transaction((manager) => codes.use(manager, proven));

describe('a code', () => {
  it('is looked at five times, whoever asks from wherever at once', async () => {
    const other = await startTestServer({ database: server.database });
    try {
      const { codes, codeFor, issued } = await withCode();
      const elsewhere = other.app.get(OneTimeCodesService);
      const tried = await Promise.all(
        Array.from({ length: 100 }, (_, n) =>
          (n % 2 ? codes : elsewhere).try(codeFor, otherThan(issued.code)),
        ),
      );
      expect(tried.filter(({ userId }) => userId !== undefined)).toHaveLength(5);
      expect(await codes.try(codeFor, issued.code)).toEqual({ userId: undefined, proven: undefined });
    } finally {
      await other.close();
    }
  });

  it('is used by one of many', async () => {
    const { codes, codeFor, issued } = await withCode();
    const proven = (await codes.try(codeFor, issued.code)).proven!;
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => use(codes, proven)));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('that was right is not used any more once there is a newer one', async () => {
    const { id, codes, codeFor, issued } = await withCode();
    const proven = (await codes.try(codeFor, issued.code)).proven!;
    await server.app
      .get(UsersService)
      .transaction((manager) =>
        codes.issue(manager, 'change_email', { id, emailNormalized: codeFor.emailNormalized }),
      );
    await expect(use(codes, proven)).rejects.toThrow('This code is not valid');
  });

  it('is stored as a hash that is bound to purpose, flow, account and address', async () => {
    const { codeFor, issued } = await withCode();
    const hashes = server.app.get(CodeHashesService);
    const binding = { ...codeFor, id: issued.id };
    const stored = hashes.hash(binding, issued.code);
    expect(stored).toHaveLength(32);
    expect(hashes.matches(binding, issued.code, stored)).toBe(true);
    for (const changed of [
      { purpose: 'verify_email' as const },
      { id: '5c0f3c1d-2f0b-4d8e-9a55-7a1f1c0b2e34' },
      { subject: Buffer.alloc(8) },
      { emailNormalized: 'other@example.com' },
    ])
      expect(hashes.matches({ ...binding, ...changed }, issued.code, stored)).toBe(false);
    expect(hashes.matches(binding, otherThan(issued.code), stored)).toBe(false);
  });

  it('has eight digits, zeros at the beginning included, and a hash that no other has', async () => {
    const { id, email: emailNormalized } = await server.signUp();
    const codes = server.app.get(OneTimeCodesService);
    const hashes = new Set<string>();
    const issued: string[] = [];
    for (let n = 0; n < 200; n += 1) {
      const { code } = await server.app
        .get(UsersService)
        .transaction((manager) => codes.issue(manager, 'change_email', { id, emailNormalized }));
      issued.push(code);
      const { rows } = await server.sql.query<{ hash: string }>(
        `SELECT encode(code_hash, 'hex') AS hash FROM one_time_codes WHERE user_id = $1 AND purpose = 'change_email'`,
        [id],
      );
      hashes.add(rows[0]!.hash);
    }
    expect(issued.filter((code) => !/^\d{8}$/.test(code))).toEqual([]);
    // That they are spread evenly over every place is shown where they are drawn.
    expect(issued.some((code) => code.startsWith('0'))).toBe(true);
    expect(hashes.size).toBe(200);
  });
});

describe('TOKEN_PEPPER', () => {
  it('is rotated without voiding codes and ways back; a newer code voids the older one all the same', async () => {
    const alice = await server.signUp();
    await verifyEmail(server, alice);
    await moveTo(server, alice, `${unique()}@example.com`);
    const back = await revertTokenTo(server, alice.email);
    const bob = await server.signUp();
    await server.api.post('/auth/password-reset/request', { email: bob.email });
    const older = await codeTo(server, bob.email, 'passwordReset');
    const rotated = await startTestServer({
      database: server.database,
      env: { TOKEN_PEPPER: `k2:${Buffer.alloc(32, 'n').toString('base64')},${TEST_SECRETS.TOKEN_PEPPER}` },
    });
    try {
      const confirm = (code: string) =>
        rotated.api.post('/auth/password-reset/confirm', { email: bob.email, code, new_password: PASSWORD });
      await rotated.api.post('/auth/password-reset/request', { email: bob.email });
      const newer = await codeTo(server, bob.email, 'passwordReset');
      const { rows } = await server.sql.query(
        'SELECT FROM one_time_codes WHERE user_id = $1 AND purpose = $2',
        [bob.id, 'reset_password'],
      );
      expect(rows).toHaveLength(1);
      if (older !== newer) expect((await confirm(older)).status).toBe(400);
      expect((await confirm(newer)).status).toBe(200);
      // Stored under the key that was the writing one then.
      expect(
        (await verifyEmail(rotated, { ...bob, token: await rotated.logIn({ ...bob, password: PASSWORD }) }))
          .status,
      ).toBe(400);
      expect((await rotated.api.post('/auth/email/revert', { token: back })).status).toBe(200);
      const carol = await server.signUp();
      expect((await verifyEmail(rotated, carol)).status).toBe(200);
    } finally {
      await rotated.close();
    }
  });
});

describe('the sweep', () => {
  it('forgets codes a day after their end with the address that waited for one, and ways back after theirs', async () => {
    const [alice, bob] = [await server.signUp(), await server.signUp()];
    for (const actor of [alice, bob])
      await server.as(actor).patch('/users', { email: `${unique()}@example.com` });
    const age = (hours: number, id: number) =>
      server.sql.query(
        'UPDATE one_time_codes SET expires_at = now() - make_interval(hours => $1) WHERE user_id = $2',
        [hours, id],
      );
    await age(25, alice.id);
    await age(23, bob.id);
    const carol = await server.signUp();
    await verifyEmail(server, carol);
    await moveTo(server, carol, `${unique()}@example.com`);
    await server.sql.query('UPDATE email_reverts SET expires_at = now() WHERE user_id = $1', [carol.id]);
    await server.app.get(RecoverySweep).sweep();
    const left = async (id: number) =>
      (
        await server.sql.query<{ codes: number; pending: boolean; reverts: number }>(
          `SELECT (SELECT count(*)::int FROM one_time_codes WHERE user_id = u.id) AS codes,
                  (SELECT count(*)::int FROM email_reverts WHERE user_id = u.id) AS reverts,
                  pending_email IS NOT NULL AS pending FROM users u WHERE id = $1`,
          [id],
        )
      ).rows[0];
    expect(await left(alice.id)).toEqual({ codes: 0, reverts: 0, pending: false });
    expect(await left(bob.id)).toEqual({ codes: 2, reverts: 0, pending: true });
    expect(await left(carol.id)).toEqual({ codes: 0, reverts: 0, pending: false });
    // Within that day the change goes on with another code.
    expect((await server.as(bob).post('/auth/email/resend')).status).toBe(202);
  });

  it('leaves a change alone that goes on meanwhile with another code', async () => {
    const alice = await server.signUp();
    await server.as(alice).patch('/users', { email: `${unique()}@example.com` });
    await server.sql.query(
      `UPDATE one_time_codes SET expires_at = now() - interval '25 hours' WHERE user_id = $1`,
      [alice.id],
    );
    const held = await Held.account(server.sql, alice);
    const resent = server.as(alice).post('/auth/email/resend');
    await held.untilBlocked(1);
    const swept = server.app.get(RecoverySweep).sweep();
    await Promise.race([swept, held.untilBlocked(2)]);
    await held.commit();
    await swept;
    expect((await resent).status).toBe(202);
    expect((await server.as(alice).get('/users/info')).body.pending_email).not.toBeNull();
    // One that was passed over is seen to by the next.
    await server.sql.query(
      `UPDATE one_time_codes SET expires_at = now() - interval '25 hours' WHERE user_id = $1`,
      [alice.id],
    );
    await server.app.get(RecoverySweep).sweep();
    expect((await server.as(alice).get('/users/info')).body.pending_email).toBeNull();
  });
});
