import { appendFile, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { DeletionLedger } from '../../../src/backup/ledger/deletion-ledger.service.js';
import { readDeletions } from '../../../src/backup/ledger/deletions-file.js';
import type { Actor } from '../../support/api-client.js';
import { startTestServer, type TestServer } from '../../support/test-server.js';

let server: TestServer;
let folder: string;
let dir: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'mc101-ledger-'));
  dir = path.join(folder, 'backups');
  server = await startTestServer({ env: { BACKUP_DIR: dir } });
});
afterEach(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

const deleteAccount = async (actor: Actor) => (await server.as(actor).delete('/users')).status;
const ids = async () => (await readDeletions(dir)).map(({ user_id }) => user_id);
const table = async () =>
  (await server.sql.query<{ user_id: string }>('SELECT user_id FROM account_deletions ORDER BY 1')).rows.map(
    ({ user_id }) => Number(user_id),
  );

it('a deletion stands in the database and beside the backups, for nobody else to read', async () => {
  const [ada, bob] = [await server.signUp(), await server.signUp()];
  expect(await deleteAccount(ada)).toBe(204);
  expect(await table()).toEqual([ada.id]);
  expect(await ids()).toEqual([ada.id]);
  expect((await stat(path.join(dir, 'deletions.jsonl'))).mode & 0o777).toBe(0o600);
  expect(await readFile(path.join(dir, 'deletions.jsonl'), 'utf8')).not.toContain(ada.email);
  expect(await deleteAccount(bob)).toBe(204);
  expect(await ids()).toEqual([ada.id, bob.id]);
});

it('a deletion that is refused is none', async () => {
  const admin = await server.signUpAdmin();
  expect(await deleteAccount(admin)).toBe(409);
  expect(await table()).toEqual([]);
  expect(await ids()).toEqual([]);
});

it('a folder that cannot be written is no reason to keep an account; the next backup makes it up', async () => {
  await writeFile(dir, 'no folder');
  const ada = await server.signUp();
  expect(await deleteAccount(ada)).toBe(204);
  expect(server.log()).toContain('could not be noted beside the backups');
  expect(await table()).toEqual([ada.id]);
  await rm(dir);
  const bob = await server.signUp();
  await deleteAccount(bob);
  expect(await ids()).toEqual([bob.id]);
  await server.app.get(DeletionLedger).completeFile();
  await server.app.get(DeletionLedger).completeFile();
  expect((await ids()).sort((a, b) => a - b)).toEqual([ada.id, bob.id]);
});

it('half a line of a process that was killed is none, and swallows none', async () => {
  const [ada, bob] = [await server.signUp(), await server.signUp()];
  await deleteAccount(ada);
  await appendFile(path.join(dir, 'deletions.jsonl'), '{"service":null,"user_i');
  expect(await ids()).toEqual([ada.id]);
  await deleteAccount(bob);
  expect(await ids()).toEqual([ada.id, bob.id]);
});
