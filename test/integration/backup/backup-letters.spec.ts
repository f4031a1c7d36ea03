import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { BackupAlarms } from '../../../src/backup/backup-alarms.js';
import type { Actor } from '../../support/api-client.js';
import { startTestServer, type TestServer } from '../../support/test-server.js';

let server: TestServer;
let alarms: BackupAlarms;
let ada: Actor;
beforeAll(async () => {
  server = await startTestServer();
  alarms = server.app.get(BackupAlarms);
  ada = await server.signUpAdmin();
});
beforeEach(() => server.sql.query('DELETE FROM mail_messages'));
afterAll(() => server.close());

async function succeed(): Promise<void> {
  await server.sql.query(
    `INSERT INTO backups (reason, state, finished_at, file, bytes, sha256, verified_at, verification)
     VALUES ('manual', 'verified', '2026-01-05T09:30:00Z', 'some.dump', 1, 'aa', '2026-01-05T09:30:00Z', 'restore')`,
  );
}

const FAILED = 'pg_dump: error: connection to server at "db.internal" failed';
const kinds = async ({ email }: Pick<Actor, 'email'>) =>
  (await server.mailsTo(email)).map(({ kind }) => kind).filter((kind) => kind.startsWith('backup'));

describe('an admin is written to', () => {
  it('once for failures that follow each other, and once when a backup succeeds again', async () => {
    await succeed();
    for (let hour = 0; hour < 5; hour += 1) await alarms.failed(FAILED);
    expect(await kinds(ada)).toEqual(['backupFailed']);
    await succeed();
    await alarms.recovered();
    expect(await kinds(ada)).toEqual(['backupFailed', 'backupRecovered']);
    await alarms.failed(FAILED);
    await alarms.failed(FAILED);
    expect(await kinds(ada)).toEqual(['backupFailed', 'backupRecovered', 'backupFailed']);
  });

  it('with when the last good one was made, and nothing of machines and folders', async () => {
    await succeed();
    await alarms.failed(FAILED);
    const [letter] = await server.mailsTo(ada.email);
    expect(letter!.text).toContain('\nLast good: 2026-01-05 09:30 UTC\n');
    expect(`${letter!.subject}${letter!.text}${letter!.html}`).not.toMatch(/db\.internal|pg_dump/);
  });

  it('also where there was no good one yet', async () => {
    await server.sql.query('DELETE FROM backups');
    await alarms.failed(FAILED);
    const [letter] = await server.mailsTo(ada.email);
    expect(letter!.text).toContain('\nLast good: none\n');
    await alarms.recovered();
    expect(await kinds(ada)).toEqual(['backupFailed']);
  });

  it('when they are active, and an admin; each of them', async () => {
    await succeed();
    const [grace, mallory, nobody] = [
      await server.signUpAdmin(),
      await server.signUpAdmin(),
      await server.signUp(),
    ];
    await server.sql.query('UPDATE users SET is_active = false WHERE id = $1', [mallory.id]);
    await Promise.all(Array.from({ length: 20 }, () => alarms.failed(FAILED)));
    expect(await Promise.all([ada, grace, mallory, nobody].map(kinds))).toEqual([
      ['backupFailed'],
      ['backupFailed'],
      [],
      [],
    ]);
  });
});
