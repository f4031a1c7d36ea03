import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { hashFile } from '../../../src/backup/archive/read-archive.js';
import { removeBackup, type BackupFile } from '../../../src/backup/archive/backup-files.js';
import { manifestOf } from '../../../src/backup/archive/manifest.js';
import { BACKUP_LOCK_HOLDER } from '../../../src/backup/databases/backup-lock.js';
import { BYTES_BEFORE_GATE, GatedBulk } from '../../support/gated-bulk.js';
import { RestoreStage } from '../../support/restore-stage.js';
import type { ProgramProcess } from '../../support/service-process.js';
import { WatchedTools } from '../../support/watched-tools.js';

jest.setTimeout(180_000);

const POLL_MS = 20;

let tools: WatchedTools;
let stage: RestoreStage;
let bulk: GatedBulk;
/** A verified backup from before everything. */
let old: BackupFile;
/** Gates that the test has not opened again. */
const closed: (() => Promise<void>)[] = [];

beforeAll(async () => {
  tools = await WatchedTools.make();
  stage = await RestoreStage.open({ env: { PG_BIN_DIR: tools.dir } });
  // Makes the admin.
  await (await stage.startService()).stop();
  bulk = await GatedBulk.fill(stage);
  old = await stage.backUp();
});
afterEach(async () => {
  // What a failed test left is no matter of the next one.
  await stage.killAll();
  for (const open of closed.splice(0)) await open();
  await lockIsFree();
  for (const { file } of await stage.backups()) if (file !== old.file) await removeBackup(file);
});
afterAll(async () => {
  await stage.close();
  await tools.remove();
});

const close = async (gate: 'closeForDumps' | 'closeForRestores') => {
  const open = await bulk[gate]();
  closed.push(open);
  return async () => {
    closed.splice(closed.indexOf(open), 1);
    await open();
  };
};

const byCommand = () => Promise.resolve(stage.begin(['backup:run']));

const byService = async () => {
  const service = await stage.startService();
  const token = await service.logIn('admin@example.com', stage.env['ADMIN_PASSWORD']!);
  expect((await service.api.as({ token }).post('/admin/backups')).status).toBe(202);
  return service;
};

/** Resolves once it holds; throws when the program ends before that. */
async function until(program: ProgramProcess, holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) {
    if (program.hasEnded) throw new Error(`It ended too early:\n${program.stdout}\n${program.stderr}`);
    await delay(POLL_MS);
  }
}

const partials = async () => (await stage.files()).filter((name) => name.endsWith('.partial'));

/** Sessions of pg_dump that wait at the gate. */
const dumpingSessions = () =>
  stage.sql<{ pid: number }>(
    `SELECT pid FROM pg_stat_activity
     WHERE datname = current_database() AND query LIKE 'COPY public.bulk_2 %' AND wait_event_type = 'Lock'`,
  );

async function hasDumpedALot(): Promise<boolean> {
  const [partial] = await partials();
  if (partial === undefined || (await dumpingSessions()).length === 0) return false;
  return (await stat(path.join(stage.dir, partial))).size > BYTES_BEFORE_GATE;
}

/** Of a run of this stage; other tests have theirs at the same server. */
const SCRATCH = () =>
  `mc101_scratch_${createHash('sha256').update(stage.database.name).digest('hex').slice(0, 12)}_`;
const RESTORED = () => `${stage.database.name}_restored_`;

async function databases(prefix: string): Promise<{ name: string; bytes: number }[]> {
  const names = await stage.asSuperuser<{ name: string }>(
    `SELECT datname AS name FROM pg_database WHERE starts_with(datname, '${prefix}')`,
  );
  const found = names.map(async ({ name }) => {
    const rows = await stage.asSuperuser<{ bytes: string }>(
      `SELECT pg_database_size(oid) AS bytes FROM pg_database WHERE datname = '${name}'`,
    );
    return { name, bytes: Number(rows[0]?.bytes) };
  });
  return Promise.all(found);
}

const hasFilledALot = (prefix: string) => async () =>
  (await databases(prefix)).some(({ bytes }) => bytes > BYTES_BEFORE_GATE);

/** Kills it outright, and waits until the server knows. */
async function kill(program: ProgramProcess): Promise<void> {
  program.signal('SIGKILL');
  expect((await program.ended).signal).toBe('SIGKILL');
  await lockIsFree();
}

async function lockIsFree(): Promise<void> {
  while ((await stage.sql(BACKUP_LOCK_HOLDER)).length > 0) await delay(POLL_MS);
}

/** Whether a process still does something; one that has ended and that nobody has asked about does not. */
async function isAlive(pid: number): Promise<boolean> {
  const state = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  return state !== undefined && !/\) [ZX] /.test(state);
}

/** The older backup, byte by byte, and one other that is as good, and nothing else. */
async function expectOldAndNew(): Promise<void> {
  const [first, second, ...more] = await stage.backups();
  expect(more).toEqual([]);
  expect(first).toEqual(old);
  const { sha256, bytes } = old.manifest;
  expect(await hashFile(old.file, new AbortController().signal)).toEqual({ sha256, bytes });
  const rows = {
    'public.bulk_1': old.manifest.rows['public.bulk_1'],
    'public.bulk_3': old.manifest.rows['public.bulk_3'],
  };
  expect(second!.manifest).toMatchObject({ verification: 'restore', rows });
  const files = [first!, second!].flatMap(({ file }) => [file, manifestOf(file)]);
  expect((await stage.files()).sort()).toEqual(files.map((file) => path.basename(file)).sort());
}

const lastRuns = () => stage.sql('SELECT state, error FROM backups ORDER BY id DESC LIMIT 2');

const KILLED_THEN_VERIFIED = [
  { state: 'verified', error: null },
  { state: 'failed', error: 'The process that made it ended before it was done.' },
];

describe.each([
  ['npm run cli -- backup:run', byCommand],
  ['the service that makes a backup', byService],
])('%s, killed', (_name, begin) => {
  it('when half of the dump is written: the next run ends its pg_dump, clears its file away, and is verified', async () => {
    const open = await close('closeForDumps');
    const killed = await begin();
    await until(killed, hasDumpedALot);
    const orphan = await tools.pid('pg_dump');
    const [session] = await dumpingSessions();
    const [left] = await partials();
    await kill(killed);
    expect(await isAlive(orphan)).toBe(true);
    expect(await partials()).toEqual([left]);

    const next = await byCommand();
    await stage.said(next, 'Dumping with pg_dump');
    // The gate is still closed: they have not ended because they were done.
    expect(await stage.sql('SELECT FROM pg_stat_activity WHERE pid = $1', [session!.pid])).toEqual([]);
    await until(next, async () => !(await isAlive(orphan)));
    await open();
    expect({ ...(await next.ended), stderr: next.stderr }).toMatchObject({ code: 0 });
    await expectOldAndNew();
    expect(await lastRuns()).toEqual(KILLED_THEN_VERIFIED);
  });

  it('when the file is being read through: its pg_restore ends by itself, and the next run is verified', async () => {
    const stopRepeating = await tools.repeatReading();
    closed.push(stopRepeating);
    const killed = await begin();
    await until(killed, () => tools.hasBegun('pg_restore'));
    const orphan = await tools.pid('pg_restore');
    await kill(killed);
    while (await isAlive(orphan)) await delay(POLL_MS);
    expect(await partials()).toHaveLength(1);

    await stopRepeating();
    const next = await byCommand();
    expect({ ...(await next.ended), stderr: next.stderr }).toMatchObject({ code: 0 });
    await expectOldAndNew();
    expect(await lastRuns()).toEqual(KILLED_THEN_VERIFIED);
  });

  it('when half of it is restored for the proof: the next run drops that database, and is verified', async () => {
    const open = await close('closeForRestores');
    const killed = await begin();
    await until(killed, hasFilledALot(SCRATCH()));
    const orphan = await tools.pid('pg_restore');
    const [left] = await databases(SCRATCH());
    await kill(killed);
    expect(await isAlive(orphan)).toBe(true);
    expect(await partials()).toHaveLength(1);

    const next = await byCommand();
    await until(next, async () => !(await isAlive(orphan)));
    await until(next, async () => (await databases(SCRATCH())).every(({ name }) => name !== left!.name));
    await open();
    expect({ ...(await next.ended), stderr: next.stderr }).toMatchObject({ code: 0 });
    await expectOldAndNew();
    expect(await databases(SCRATCH())).toEqual([]);
    expect(await lastRuns()).toEqual(KILLED_THEN_VERIFIED);
  });
});

describe('npm run cli -- backup:restore, killed', () => {
  const beginRestore = () => stage.begin(['backup:restore', old.file, '--yes']);

  /** Kills one in the middle. @returns what it left: the process that fills, and the database */
  async function killMidway(): Promise<{ orphan: number; left: string }> {
    const killed = beginRestore();
    await until(killed, hasFilledALot(RESTORED()));
    const orphan = await tools.pid('pg_restore');
    const [left] = await databases(RESTORED());
    const before = await stage.content();
    await kill(killed);
    expect(await isAlive(orphan)).toBe(true);
    expect(await stage.content()).toEqual(before);
    return { orphan, left: left!.name };
  }

  it('when half of the new database is filled, leaves the present one, and the next backup drops the other', async () => {
    const open = await close('closeForRestores');
    const { orphan, left } = await killMidway();
    const next = await byCommand();
    await until(next, async () => !(await isAlive(orphan)));
    await until(next, async () => (await databases(RESTORED())).every(({ name }) => name !== left));
    await open();
    expect({ ...(await next.ended), stderr: next.stderr }).toMatchObject({ code: 0 });
    expect(await stage.siblings()).toEqual([]);
    expect(await partials()).toEqual([]);
    expect((await stage.backups()).at(-1)!.manifest).toMatchObject({
      reason: 'manual',
      verification: 'restore',
    });
  });

  it('is done by the next restore, which drops what the killed one had begun', async () => {
    const open = await close('closeForRestores');
    const { orphan, left } = await killMidway();
    const next = beginRestore();
    await until(next, async () => !(await isAlive(orphan)));
    await until(next, async () => (await databases(RESTORED())).every(({ name }) => name !== left));
    await open();
    expect({ ...(await next.ended), stderr: next.stderr }).toMatchObject({ code: 0 });
    expect(await stage.siblings()).toEqual([expect.stringMatching(/_before_\d{8}T\d{6}Z$/)]);
    expect(await stage.sql('SELECT * FROM maintenance')).toEqual([]);
    const [counted] = await stage.sql(
      `SELECT (SELECT count(*)::int FROM bulk_1) AS one, (SELECT count(*)::int FROM bulk_3) AS three`,
    );
    expect(counted).toEqual({
      one: old.manifest.rows['public.bulk_1'],
      three: old.manifest.rows['public.bulk_3'],
    });
  });
});
