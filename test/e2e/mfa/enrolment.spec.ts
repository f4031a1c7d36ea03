import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Authenticator, passPassword } from '../../support/authenticator.js';
import { readQrCode } from '../../support/read-qr-code.js';
import { startTestServer, type TestServer } from '../../support/test-server.js';
import { CODE_INVALID, MfaPeople, refusalOf } from './mfa-people.js';

let server: TestServer;
let people: MfaPeople;
beforeAll(async () => {
  server = await startTestServer();
  people = new MfaPeople(server);
});
afterAll(() => server.close());

const setUp = (actor: { token: string }) => server.as(actor).post('/auth/mfa/totp/setup');
const confirm = (actor: { token: string }, code: string) =>
  server.as(actor).post('/auth/mfa/totp/confirm', { code });
const appOf = (secret: string) => new Authenticator(secret, people.clock);

describe('setting an authenticator app up', () => {
  it('tells the app what it needs, as text and as a picture, and changes nothing yet', async () => {
    const alice = await server.signUp();
    const { status, headers, body } = await setUp(alice);
    expect(status).toBe(200);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(body.secret).toMatch(/^[A-Z2-7]{32}$/);
    const url = new URL(body.otpauth_url as string);
    expect(decodeURIComponent(url.pathname)).toBe(`/MC101:${alice.email}`);
    expect(Object.fromEntries(url.searchParams)).toEqual({
      issuer: 'MC101',
      secret: body.secret,
      algorithm: 'SHA1',
      digits: '6',
      period: '30',
    });
    expect(body.qr_svg).toMatch(/^<svg .*<\/svg>$/s);
    expect(readQrCode(body.qr_svg as string)).toBe(body.otpauth_url);
    expect((await people.logIn(alice)).body.access_token).toEqual(expect.any(String));
  });

  it('draws another secret each time, and only the last one counts', async () => {
    const alice = await server.signUp();
    const first = appOf((await setUp(alice)).body.secret as string);
    const second = appOf((await setUp(alice)).body.secret as string);
    expect(refusalOf(await confirm(alice, first.code()))).toEqual(CODE_INVALID);
    expect((await confirm(alice, second.code())).status).toBe(200);
  });

  it('is confirmed by a code, which gives ten backup codes, once', async () => {
    const alice = await people.withApp();
    expect(alice.backupCodes).toHaveLength(10);
    expect(new Set(alice.backupCodes).size).toBe(10);
    for (const code of alice.backupCodes) expect(code).toMatch(/^[a-z2-7]{4}(?:-[a-z2-7]{4}){5}$/);
    expect(refusalOf(await confirm(alice, alice.app.freshCode()))).toEqual({
      status: 409,
      code: 'MFA_SETUP_NOT_STARTED',
    });
    expect(refusalOf(await setUp(alice))).toEqual({ status: 409, code: 'MFA_ALREADY_ENABLED' });
  });

  it('is confirmed once, also when a hundred codes of it come at once', async () => {
    const alice = await server.signUp();
    const app = appOf((await setUp(alice)).body.secret as string);
    const answers = await Promise.all(Array.from({ length: 100 }, () => confirm(alice, app.code())));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    const { rows } = await server.sql.query('SELECT FROM mfa_backup_codes WHERE user_id = $1', [alice.id]);
    expect(rows).toHaveLength(10);
    expect(people.changesTold(alice)).toEqual(['enabled']);
  });

  it('needs a setup, begun within the last hour', async () => {
    const alice = await server.signUp();
    const notStarted = { status: 409, code: 'MFA_SETUP_NOT_STARTED' };
    expect(refusalOf(await confirm(alice, '123456'))).toEqual(notStarted);
    const app = appOf((await setUp(alice)).body.secret as string);
    await server.sql.query(
      `UPDATE mfa_totp SET created_at = now() - interval '61 minutes' WHERE user_id = $1`,
      [alice.id],
    );
    expect(refusalOf(await confirm(alice, app.code()))).toEqual(notStarted);
  });

  it('needs a login or step-up within the last fifteen minutes, at its beginning and at its end', async () => {
    const alice = await server.signUp();
    const stale = { status: 403, code: 'REAUTHENTICATION_REQUIRED' };
    await people.age(alice);
    expect(refusalOf(await setUp(alice))).toEqual(stale);
    expect((await server.as(alice).post('/auth/step-up', { password: alice.password })).status).toBe(200);
    const app = appOf((await setUp(alice)).body.secret as string);
    await people.age(alice);
    expect(refusalOf(await confirm(alice, app.code()))).toEqual(stale);
  });

  it('ends every other session, is recorded, and the owner hears of it', async () => {
    const before = await server.signUp();
    const alice = { ...before, token: await server.logIn(before) };
    await people.withApp(alice);
    expect(await people.isIn(before.token)).toBe(false);
    expect(await people.isIn(alice.token)).toBe(true);
    expect(await people.eventsOf(alice, 'authn_mfa_enabled', 'authn_token_revoked')).toEqual([
      {
        event_type: 'authn_token_revoked',
        actor_id: alice.id,
        details: { reason: 'mfa-changed', sessions: 1 },
      },
      { event_type: 'authn_mfa_enabled', actor_id: alice.id, details: { method: 'totp' } },
    ]);
    expect(people.changesTold(alice)).toEqual(['enabled']);
  });

  it('never begins a session without the app beside its confirmation, however many logins come meanwhile', async () => {
    const alice = await server.signUp();
    const app = appOf((await setUp(alice)).body.secret as string);
    const logins = Array.from({ length: 40 }, () => people.logIn(alice));
    const confirmed = await confirm(alice, app.code());
    expect(confirmed.status).toBe(200);
    for (const answer of await Promise.all(logins)) {
      if (answer.status === 200 && answer.body.access_token !== undefined)
        expect(await people.isIn(answer.body.access_token as string)).toBe(false);
      else expect([200, 503]).toContain(answer.status);
    }
    expect(await people.isIn(alice.token)).toBe(true);
  });

  it('takes issuer, number of codes and time to wait from the configuration', async () => {
    const env = {
      MFA_TOTP_ISSUER: 'Otters & Co',
      MFA_BACKUP_CODES_COUNT: '3',
      MFA_TOKEN_EXPIRE_MINUTES: '7',
    };
    const other = await startTestServer({ env, database: server.database });
    people.alsoStop(other);
    try {
      const alice = await other.signUp();
      const setup = await other.as(alice).post('/auth/mfa/totp/setup');
      expect(decodeURIComponent(setup.body.otpauth_url as string)).toContain('Otters & Co:');
      const code = appOf(setup.body.secret as string).code();
      const confirmed = await other.as(alice).post('/auth/mfa/totp/confirm', { code });
      expect(confirmed.body.backup_codes).toHaveLength(3);
      await people.passPassword(alice);
      await passPassword(other.api, alice);
      const { rows } = await server.sql.query<{ minutes: number }>(
        `SELECT round(extract(epoch FROM expires_at - now()) / 60)::integer AS minutes FROM mfa_tokens
         WHERE user_id = $1 ORDER BY 1`,
        [alice.id],
      );
      expect(rows.map(({ minutes }) => minutes)).toEqual([5, 7]);
    } finally {
      await other.close();
    }
  });
});
