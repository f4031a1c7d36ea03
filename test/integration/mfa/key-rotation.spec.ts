import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { DataSource } from 'typeorm';
import { Clock } from '../../../src/common/clock.js';
import { TotpSecretsService } from '../../../src/auth/mfa/totp/totp-secrets.service.js';
import { KeyRingUnfitError } from '../../../src/keys/keys.errors.js';
import { KeysService } from '../../../src/keys/keys.service.js';
import { readContents } from '../../../src/backup/databases/contents.js';
import { enrol, passPassword, type Enrolled } from '../../support/authenticator.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';
import { startTestServer, type TestServer } from '../../support/test-server.js';

const entry = (id: string, fill: string) => `${id}:${Buffer.alloc(32, fill).toString('base64')}`;

let database: TestDatabase;
let now: Date;
const running = new Set<TestServer>();
beforeAll(async () => {
  database = await createTestDatabase();
  now = new Date();
});
afterEach(async () => {
  for (const server of running) await server.close();
  running.clear();
});
afterAll(() => database.drop());

async function start(env: Record<string, string>): Promise<TestServer> {
  const server = await startTestServer({ env, database });
  server.app.get(Clock).now = () => now;
  running.add(server);
  return server;
}

async function stop(server: TestServer): Promise<void> {
  running.delete(server);
  await server.close();
}

const people = (server: TestServer, count: number) =>
  Promise.all(
    Array.from({ length: count }, async () =>
      enrol(server.api, server.app.get(Clock), await server.signUp()),
    ),
  );

async function logsIn(server: TestServer, person: Enrolled, body?: object): Promise<boolean> {
  now = new Date(now.getTime() + 60_000);
  const answer = await server.api.post('/auth/mfa/complete', {
    mfa_token: await passPassword(server.api, person),
    ...(body ?? { code: person.app.freshCode() }),
  });
  return answer.status === 200;
}

const rotate = (server: TestServer) => server.app.get(KeysService).rotate(() => undefined);

describe('TOTP secrets', () => {
  const [OLD, NEW] = [entry('totp-old', 'o'), entry('totp-new', 'n')];

  it('are sealed again under a new key, in batches that skip what another process holds, and log in all the while', async () => {
    const before = await start({ APP_ENCRYPTION_KEY: OLD });
    const crowd = await people(before, 5);
    // One that is being set up is sealed again, too.
    const newcomer = await before.signUp();
    await before.as(newcomer).post('/auth/mfa/totp/setup');
    await stop(before);

    const both = await start({ APP_ENCRYPTION_KEY: `${NEW},${OLD}` });
    const holder = both.app.get(TotpSecretsService);
    expect(await holder.keyIdsInUse()).toEqual(['totp-old']);
    const { ring } = both.app.get(KeysService);
    const rewrapped = await both.app
      .get(DataSource)
      .transaction((manager) => holder.rewrapBatch(ring, 2, manager));
    expect(rewrapped).toBe(2);
    expect(await holder.keyIdsInUse()).toEqual(['totp-new', 'totp-old']);
    for (const person of crowd) expect(await logsIn(both, person)).toBe(true);

    const held = await both.sql.connect();
    await held.query('BEGIN');
    await held.query(
      `SELECT FROM mfa_totp WHERE user_id = (SELECT max(user_id) FROM mfa_totp WHERE key_id = 'totp-old') FOR UPDATE`,
    );
    expect((await rotate(both))['TOTP secrets']).toBe(3);
    expect(await holder.keyIdsInUse()).toEqual(['totp-new', 'totp-old']);
    await held.query('ROLLBACK');
    held.release();
    expect((await rotate(both))['TOTP secrets']).toBe(1);
    await stop(both);

    const after = await start({ APP_ENCRYPTION_KEY: NEW });
    for (const person of crowd) expect(await logsIn(after, person)).toBe(true);
  });

  it('keep the service from starting without their key, by its id, and are told of by a backup', async () => {
    await expect(start({ APP_ENCRYPTION_KEY: OLD })).rejects.toThrow(KeyRingUnfitError);
    await expect(start({ APP_ENCRYPTION_KEY: OLD })).rejects.toThrow('totp-new');
    const server = await start({ APP_ENCRYPTION_KEY: NEW });
    const client = await server.sql.connect();
    try {
      await client.query('DELETE FROM user_keys');
      const { keyIds } = await readContents(client);
      expect(keyIds).toContain('totp-new');
    } finally {
      client.release();
    }
  });

  it('that do not open are stepped over, and their key stays needed', async () => {
    const server = await start({ APP_ENCRYPTION_KEY: `${OLD},${NEW}` });
    const [broken, whole] = (await people(server, 2)) as [Enrolled, Enrolled];
    await server.sql.query(
      `UPDATE mfa_totp SET sealed_secret = set_byte(sealed_secret, 15, get_byte(sealed_secret, 15) # 1)
       WHERE user_id = $1`,
      [broken.id],
    );
    await stop(server);
    const next = await start({ APP_ENCRYPTION_KEY: `${NEW},${OLD}` });
    await rotate(next);
    const { rows } = await next.sql.query<{ id: number }>(
      `SELECT user_id AS id FROM mfa_totp WHERE key_id = 'totp-old'`,
    );
    expect(rows).toEqual([{ id: broken.id }]);
    expect(next.log()).toContain('totp_secret_unreadable');
    expect(await logsIn(next, whole)).toBe(true);
    await next.sql.query('DELETE FROM mfa_totp WHERE user_id = $1', [broken.id]);
  });
});

describe('while TOKEN_PEPPER is rotated', () => {
  it('backup codes and waiting logins of every process stay good on every process', async () => {
    const ring = { APP_ENCRYPTION_KEY: entry('totp-new', 'n') };
    const [a, b] = [entry('a', 'a'), entry('b', 'b')];
    const old = await start({ ...ring, TOKEN_PEPPER: a });
    const [person] = (await people(old, 1)) as [Enrolled];
    const waiting = await passPassword(old.api, person);
    const moved = await start({ ...ring, TOKEN_PEPPER: `${b},${a}` });
    const completed = await moved.api.post('/auth/mfa/complete', {
      mfa_token: waiting,
      backup_code: person.backupCodes[0],
    });
    expect(completed.status).toBe(200);
    expect(await logsIn(moved, person, { backup_code: person.backupCodes[1] })).toBe(true);
    expect(await logsIn(moved, person, { backup_code: person.backupCodes[1] })).toBe(false);
    const gone = await start({ ...ring, TOKEN_PEPPER: b });
    expect(await logsIn(gone, person, { backup_code: person.backupCodes[2] })).toBe(false);
    expect(await logsIn(gone, person)).toBe(true);
  });
});
