import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Actor } from '../../support/api-client.js';
import { enrol, passPassword } from '../../support/authenticator.js';
import { RestoreStage } from '../../support/restore-stage.js';
import type { ServiceProcess } from '../../support/service-process.js';

const CLOCK = { now: () => new Date() };

let stage: RestoreStage;
beforeEach(async () => {
  stage = await RestoreStage.open();
});
afterEach(() => stage.close());

const note = (service: ServiceProcess, actor: Actor, content: string) =>
  service.api.as(actor).post('/users/notes', { title: 'a note', content });

describe('beside a running service', () => {
  it('what was backed up is back, what came later is gone, and nobody is logged in or invited', async () => {
    const service = await stage.startService();
    const ada = await stage.signUp(service);
    const bob = await stage.signUp(service);
    const kept = (await note(service, ada, 'before')).body.id as number;
    const admin = { token: await service.logIn('admin@example.com', 'an otter on a mossy stone') };
    const { invitation } = (await service.api.as(admin).post('/admin/invitations', {})).body;
    const carol = await enrol(service.api, CLOCK, await stage.signUp(service));
    const waiting = await passPassword(service.api, carol);
    // No mails here: what a letter about a new device would have left.
    await stage.sql(
      `INSERT INTO not_me_links (token_hash, user_id, session_id, device_id, email_normalized, expires_at)
       VALUES ('\\x00', $1, gen_random_uuid(), gen_random_uuid(), 'ada@example.com', now() + interval '7 days')`,
      [ada.id],
    );
    // No provider here: what a social login under way would have left.
    await stage.sql(
      `INSERT INTO oauth_flows (state_hash, browser_hash, provider, purpose, redirect_uri, code_challenge, expires_at)
       VALUES ('\\x00', '\\x00', 'google', 'login', 'https://vote.example.com/', 'x', now() + interval '1 day')`,
    );
    await stage.sql(
      `INSERT INTO oauth_codes (code_hash, purpose, provider, issuer, subject, is_email_verified, is_multi_factor,
                                code_challenge, expires_at)
       VALUES ('\\x00', 'login', 'google', 'https://accounts.google.com', '1', true, false, 'x', now() + interval '1 day')`,
    );
    const { file } = await stage.backUp();
    const later = (await note(service, ada, 'after')).body.id as number;
    expect((await service.api.as(bob).delete('/users')).status).toBe(204);
    const eve = await stage.signUp(service);

    const restore = stage.begin(['backup:restore', file, '--yes']);
    const seen: string[] = [];
    const details = new Set<string>();
    while (!restore.hasEnded) {
      const answer = await service.api.as(ada).get('/users/info');
      const what = `${answer.status} ${answer.body.error?.code ?? ''}`;
      if (seen.at(-1) !== what) seen.push(what);
      if (answer.status === 503) {
        expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
        expect((await service.api.get('/health')).status).toBe(200);
        const ready = await service.api.get('/ready');
        if (ready.status === 200)
          details.add(`${ready.body.status}: ${ready.body.checks.backup.detail ?? ''}`);
      }
      await delay(20);
    }
    expect({ ...(await restore.ended), stderr: restore.stderr }).toMatchObject({ code: 0 });
    // The command may go on for a moment after the service is back, in which nobody is logged in.
    const afterwards = seen[2] === undefined ? [] : ['401 UNAUTHENTICATED'];
    expect(seen).toEqual(['200 ', '503 MAINTENANCE', ...afterwards]);
    expect([...details]).toContain('degraded: Maintenance: a backup is being restored.');

    // The service comes back by itself.
    const answer = await stage.answerOf(() => service.api.as(ada).get('/users/info'));
    expect(answer.status).toBe(401);
    // Its answer is a second old at most.
    while ((await service.api.get('/ready')).body.checks.backup.detail?.includes('Maintenance'))
      await delay(50);
    for (const table of ['not_me_links', 'oauth_flows', 'oauth_codes'])
      expect(await stage.sql(`SELECT FROM ${table}`)).toEqual([]);
    ada.token = await service.logIn(ada.email, ada.password);
    expect((await service.api.as(ada).get(`/users/notes/${kept}`)).body).toMatchObject({ content: 'before' });
    expect((await service.api.as(ada).get(`/users/notes/${later}`)).status).toBe(404);
    for (const { email, password } of [bob, eve])
      expect((await service.api.post('/users/login', { email, password })).status).toBe(401);

    // Who had a second factor has it, and no login waits for it any more.
    const completed = await service.api.post('/auth/mfa/complete', {
      mfa_token: waiting,
      backup_code: carol.backupCodes[0],
    });
    expect(completed.body.error.code).toBe('MFA_TOKEN_INVALID');
    const anew = await service.api.post('/auth/mfa/complete', {
      mfa_token: await passPassword(service.api, carol),
      backup_code: carol.backupCodes[0],
    });
    expect(anew.status).toBe(200);

    const guest = { name: 'Guest', email: 'guest@example.com', password: 'a lantern under the old pier' };
    expect((await service.api.post('/users/register', { ...guest, invitation })).status).toBe(403);

    // Numbers that were given are not given again.
    expect((await note(service, ada, 'anew')).body.id).toBeGreaterThan(later);
    expect((await stage.signUp(service)).id).toBeGreaterThan(eve.id);

    // The former database is kept until it is told to go.
    const [former, ...others] = await stage.siblings();
    expect(former).toMatch(/_before_\d{8}T\d{6}Z$/);
    expect(others).toEqual([]);
    expect(restore.stdout).toContain(`backup:drop-old ${former}`);
    expect(await stage.sqlIn(former!, `SELECT id FROM users WHERE id = ${eve.id}`)).toEqual([
      { id: String(eve.id) },
    ]);
    expect((await stage.backups()).at(-1)!.manifest).toMatchObject({
      reason: 'restore',
      verification: 'read',
    });
    await stage.succeed(['backup:drop-old', former!, '--yes']);
    expect(await stage.siblings()).toEqual([]);
  });
});

it('a mail that the dump still had to send is sent by nobody', async () => {
  await stage.startService();
  await stage.sql(
    `INSERT INTO mail_messages (id, event_key, kind, key_id, sealed)
     VALUES ('5f0c4f0e-6d3b-4a87-9d1b-0b0f7f1f8a11', 'an event', 'test', 'k1', 'sealed')`,
  );
  await stage.sql(`INSERT INTO pgboss.job (name, id, data, policy)
                   VALUES ('mail', '5f0c4f0e-6d3b-4a87-9d1b-0b0f7f1f8a11', '{}', 'standard')`);
  const { file } = await stage.backUp();
  await stage.succeed(['backup:restore', file, '--yes']);

  expect(await stage.sql(`SELECT outcome, sealed FROM mail_messages`)).toEqual([
    { outcome: 'discarded', sealed: null },
  ]);
  expect(await stage.sql(`SELECT name FROM pgboss.job`)).toEqual([]);
});

it('a code, a change of address and a way back of the dump open nothing', async () => {
  const service = await stage.startService();
  const ada = await stage.signUp(service);
  await stage.sql(`UPDATE users SET pending_email = 'next@example.com' WHERE id = ${ada.id}`);
  await stage.sql(`INSERT INTO one_time_codes (purpose, subject, id, user_id, code_hash, tries_left, expires_at)
                   VALUES ('reset_password', 's', gen_random_uuid(), ${ada.id}, 'h', 5, now() + interval '1 day')`);
  await stage.sql(`INSERT INTO email_reverts (token_hash, user_id, email, email_normalized, trusted_until, expires_at)
                   VALUES ('h', ${ada.id}, 'a@example.com', 'a@example.com', now(), now() + interval '7 days')`);
  const { file } = await stage.backUp();
  await stage.succeed(['backup:restore', file, '--yes']);
  for (const table of ['one_time_codes', 'email_reverts'])
    expect(await stage.sql(`SELECT * FROM ${table}`)).toEqual([]);
  expect(await stage.sql(`SELECT pending_email FROM users WHERE id = ${ada.id}`)).toEqual([
    { pending_email: null },
  ]);
});

it('what an operator put beside the tables of the service survives, with large rows, rights and settings', async () => {
  const app = decodeURIComponent(new URL(stage.database.urls.app.replace('@/', '@localhost/')).username);
  await stage.sql(`
    CREATE SCHEMA "Other ""one"""; CREATE TABLE "Other ""one"""."T able" (id int PRIMARY KEY, body bytea);
    CREATE TABLE parts (id int) PARTITION BY RANGE (id); CREATE TABLE part_1 PARTITION OF parts FOR VALUES FROM (0) TO (9);
    INSERT INTO parts VALUES (1), (2);
    CREATE VIEW seen AS SELECT * FROM parts; CREATE MATERIALIZED VIEW kept AS SELECT * FROM parts;
    CREATE FUNCTION twice(n int) RETURNS int LANGUAGE sql AS 'SELECT n * 2';
    ALTER DATABASE ${stage.database.name} SET work_mem = '5MB';
    ALTER DATABASE ${stage.database.name} SET search_path = public, "Other ""one""";
    REVOKE ALL ON DATABASE ${stage.database.name} FROM PUBLIC;
    GRANT CONNECT ON DATABASE ${stage.database.name} TO ${app};
    ALTER DATABASE ${stage.database.name} CONNECTION LIMIT 77`);
  await stage.asSuperuser(`ALTER DATABASE ${stage.database.name} SET log_min_duration_statement = '1h'`);
  await stage.sql(
    `INSERT INTO "Other ""one"""."T able" SELECT 1, string_agg(sha256(n::text::bytea), '') FROM generate_series(1, 500000) n`,
  );
  const look = async () => [
    await stage.sql('SELECT id, length(body), md5(body) FROM "T able"'),
    await stage.sql('SELECT * FROM seen ORDER BY 1'),
    await stage.sql('SELECT * FROM kept ORDER BY 1'),
    await stage.sql(`SELECT twice(21), current_setting('work_mem'), current_setting('search_path')`),
    await stage.sql(`SELECT datacl::text, datconnlimit FROM pg_database WHERE datname = current_database()`),
    await stage.sql(
      `SELECT relname, relacl::text FROM pg_class
       WHERE relnamespace = 'public'::regnamespace AND relname IN ('users', 'migrations') ORDER BY 1`,
    ),
  ];
  // Settings of a database hold for connections that begin later.
  await stage.reconnect();
  const before = await look();
  const { file } = await stage.backUp();
  await stage.sql('DROP FUNCTION twice; DELETE FROM "T able"; DROP VIEW seen');
  const { stderr } = await stage.command(['backup:restore', file, '--yes']);
  expect(stderr).toContain('to be made again: log_min_duration_statement.');
  await stage.reconnect();
  expect(await look()).toEqual(before);
});

it('a deletion is remembered beside the backups, also when the present database knows nothing any more', async () => {
  const service = await stage.startService();
  const [ada, bob] = [await stage.signUp(service), await stage.signUp(service)];
  const { file } = await stage.backUp();
  expect((await service.api.as(bob).delete('/users')).status).toBe(204);
  await service.stop();
  await stage.sql('DROP SCHEMA public CASCADE');
  await stage.sql('CREATE SCHEMA public');
  await stage.succeed(['backup:restore', file, '--yes']);
  expect((await stage.sql('SELECT email FROM users')).map(({ email }) => email)).toContain(ada.email);
  expect(await stage.sql('SELECT id FROM users WHERE id = $1', [bob.id])).toEqual([]);
  // And is remembered by the restored one as well.
  expect(await stage.sql('SELECT user_id FROM account_deletions')).toEqual([{ user_id: String(bob.id) }]);
  expect((await stage.signUp(await stage.startService())).id).toBeGreaterThan(bob.id);
});

it('a backup of another installation is restored whole: the accounts that were deleted here are others', async () => {
  const elsewhere = await RestoreStage.open();
  try {
    const there = await elsewhere.startService();
    const ada = await elsewhere.signUp(there);
    await there.api.as(ada).post('/users/vote', { candidate_id: await elsewhere.addCandidate() });
    const { file } = await elsewhere.backUp();
    const here = await stage.startService();
    const bob = await stage.signUp(here);
    expect(bob.id).toBe(ada.id);
    expect((await here.api.as(bob).delete('/users')).status).toBe(204);
    await stage.succeed(['backup:restore', file, '--yes']);
    await stage.answerOf(() => here.api.get('/'));
    ada.token = await here.logIn(ada.email, ada.password);
    // Also a process that knew the former installation's keys goes on with those of this one: whoever registers again
    // at the same address has voted.
    expect((await here.api.as(ada).delete('/users')).status).toBe(204);
    expect(
      (await here.api.post('/users/register', { name: ada.name, email: ada.email, password: ada.password }))
        .status,
    ).toBe(201);
    ada.token = await here.logIn(ada.email, ada.password);
    const [candidate] = await stage.sql<{ id: string }>('SELECT id FROM candidates');
    expect(
      (await here.api.as(ada).post('/users/vote', { candidate_id: Number(candidate!.id) })).body,
    ).toMatchObject({
      error: { code: 'ALREADY_VOTED' },
    });
  } finally {
    await elsewhere.close();
  }
});

it('the account of backups stays true: the run that made this one has succeeded, later ones are listed', async () => {
  await stage.startService();
  const { file, manifest } = await stage.backUp();
  await stage.backUp();
  const look = () => stage.sql('SELECT id, state, file, sha256, verification FROM backups ORDER BY id');
  const before = await look();
  await stage.succeed(['backup:restore', file, '--yes']);
  expect(await look()).toEqual(before);
  expect(before[0]).toMatchObject({
    id: String(manifest.run_id),
    state: 'verified',
    sha256: manifest.sha256,
  });
});

describe('the reminder to write the keys into a recovery file', () => {
  const REMINDER = 'keys:export';
  const exportKeys = async (env: Record<string, string> = {}) => {
    const passphraseFile = path.join(stage.dir, 'passphrase');
    await writeFile(passphraseFile, 'correct horse battery staple lantern quiet harbour');
    const recoveryFile = path.join(stage.dir, 'keys.recovery');
    await stage.succeed(['keys:export', recoveryFile, '--passphrase-file', passphraseFile], { env });
  };

  it('does not come back with a backup from before, also for a key that is newer than it', async () => {
    expect((await stage.startService()).stdout).toContain(REMINDER);
    const { file } = await stage.backUp();
    const first = stage.env['APP_ENCRYPTION_KEY']!;
    const env = { APP_ENCRYPTION_KEY: `${first},k9:${Buffer.alloc(32, 'new key').toString('base64')}` };
    await exportKeys(env);
    await stage.succeed(['backup:restore', file, '--yes'], { env });
    expect((await stage.startService(env)).stdout).not.toContain(REMINDER);
  });

  it('comes back where the key of that name is another one', async () => {
    await stage.startService();
    const { file } = await stage.backUp();
    await exportKeys();
    // As if the present database had been sealed under another key.
    await stage.sql(`UPDATE key_canaries SET sealed = sha256('other') || '\\x0011223344556677'`);
    await stage.succeed(['backup:restore', file, '--yes']);
    expect((await stage.startService()).stdout).toContain(REMINDER);
  });
});

it('one role for everything is enough', async () => {
  const simple = await RestoreStage.open({ oneRole: true });
  try {
    const service = await simple.startService();
    const ada = await simple.signUp(service);
    const { file } = await simple.backUp();
    const bob = await simple.signUp(service);
    await simple.succeed(['backup:restore', file, '--yes']);
    await simple.answerOf(() => service.api.get('/'));
    await service.logIn(ada.email, ada.password);
    await expect(service.logIn(bob.email, bob.password)).rejects.toThrow('INVALID_CREDENTIALS');
  } finally {
    await simple.close();
  }
});
