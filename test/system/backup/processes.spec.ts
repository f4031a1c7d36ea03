import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { BackupSchedule } from '../../../src/backup/backup-schedule.service.js';
import { BackupsService } from '../../../src/backup/backups.service.js';
import { Clock } from '../../../src/common/clock.js';
import { BackupStage } from '../../support/backup-stage.js';
import { ProgramProcess } from '../../support/service-process.js';
import { TEST_SECRETS } from '../../support/test-config.js';

const stages: BackupStage[] = [];
const open = async (options?: Parameters<typeof BackupStage.open>[0]) => {
  const stage = await BackupStage.open(options);
  stages.push(stage);
  return stage;
};
afterEach(async () => {
  // Last in, first out: the first one owns the database.
  for (const stage of stages.splice(0).reverse()) await stage.close();
});

/** `npm run cli -- backup:run` on the stage's database. */
const runByCommand = ({ server, dir, tools }: BackupStage) => {
  const { app, owner, direct } = server.config.database;
  return new ProgramProcess('scripts/cli.mjs', ['backup:run'], {
    env: {
      ...TEST_SECRETS,
      DATABASE_URL: app,
      DATABASE_OWNER_URL: owner,
      DATABASE_DIRECT_URL: direct,
      BACKUP_DIR: dir,
      PG_BIN_DIR: tools.dir,
    },
  });
};

/** The server learns of a killed process's connection, and of the lock it held, a moment later. */
const runOnceFree = async ({ server }: BackupStage) => {
  for (;;) {
    const made = await server.app.get(BackupsService).run({ reason: 'manual' });
    if (made) return made;
    await delay(50);
  }
};

const runs = async (stage: BackupStage) =>
  (await stage.server.sql.query('SELECT state, error FROM backups ORDER BY id')).rows as {
    state: string;
    error: string | null;
  }[];

const successes = async (stage: BackupStage) =>
  (await runs(stage)).filter(({ state }) => state === 'verified').length;

describe('several processes', () => {
  it('make one backup of 20 that are asked for at once', async () => {
    const stage = await open();
    const other = await open({ database: stage.server.database, dir: stage.dir });
    const asked = Array.from({ length: 20 }, (_, n) =>
      (n % 2 ? stage : other).server.app.get(BackupsService).run({ reason: 'manual' }),
    );
    const made = (await Promise.all(asked)).filter((run) => run !== undefined);
    expect(made).toHaveLength(1);
    expect(await runs(stage)).toEqual([{ state: 'verified', error: null }]);
  });

  it('make one backup for each moment of the schedule', async () => {
    // Every two seconds, so that several moments pass; a run takes less.
    const env = { BACKUP_CRON: '*/2 * * * * *', BACKUP_VERIFY: 'read' };
    const stage = await open({ env });
    const other = await open({ database: stage.server.database, dir: stage.dir, env });
    await Promise.all([stage, other].map(({ server }) => server.app.get(BackupSchedule).begin()));
    const slots = async () =>
      (
        await stage.server.sql.query(
          `SELECT slot, count(*)::int AS runs FROM backups WHERE slot IS NOT NULL AND state <> 'running' GROUP BY slot`,
        )
      ).rows as { slot: Date; runs: number }[];
    while ((await slots()).length < 3) await delay(100);
    for (const { slot, runs: count } of await slots()) {
      expect(count).toBe(1);
      expect(slot.getTime() % 2_000).toBe(0);
    }
  });
});

describe('a process that starts', () => {
  const starts = async (now: (last: Date) => Date) => {
    const env = { BACKUP_CRON: '0 * * * *' };
    const stage = await open({ env });
    await stage.run();
    const { rows } = await stage.server.sql.query('SELECT finished_at AS at FROM backups');
    const later = await open({ database: stage.server.database, dir: stage.dir, env });
    const at = now((rows[0] as { at: Date }).at);
    later.server.app.get(Clock).now = () => at;
    await later.server.app.get(BackupSchedule).begin();
    return stage;
  };

  it('catches up when the last success is older than the interval', async () => {
    const stage = await starts((last) => new Date(last.getTime() + 3_600_001));
    expect(await successes(stage)).toBe(2);
  });

  it('catches up when the last success lies in the future, as after a clock that was set back', async () => {
    const stage = await starts((last) => new Date(last.getTime() - 30 * 86_400_000));
    expect(await successes(stage)).toBe(2);
  });

  it('leaves it at that when there is a recent one', async () => {
    const stage = await starts((last) => new Date(last.getTime() + 60_000));
    expect(await runs(stage)).toEqual([{ state: 'verified', error: null }]);
  });
});

describe('a process that is killed', () => {
  it('in mid-dump leaves nothing that the next run does not clear away', async () => {
    const stage = await open();
    await stage.tools.hold('pg_dump');
    const command = runByCommand(stage);
    await stage.tools.held('pg_dump');
    command.signal('SIGKILL');
    await command.ended;
    expect(await stage.files()).toEqual([expect.stringMatching(/\.partial$/)]);
    await stage.tools.release('pg_dump');

    const { file } = await runOnceFree(stage);
    expect(await stage.files()).toEqual([path.basename(file), `${path.basename(file)}.json`]);
    expect(await runs(stage)).toEqual([
      { state: 'failed', error: 'The process that made it ended before it was done.' },
      { state: 'verified', error: null },
    ]);
  });

  it('in mid-restore leaves a scratch database, which the next run drops, and no other', async () => {
    const stage = await open();
    const foreign = 'mc101_scratch_of_somebody_else';
    await stage.server.sql.query(`CREATE DATABASE ${foreign}`);
    try {
      await stage.tools.hold('pg_restore');
      const command = runByCommand(stage);
      await stage.tools.held('pg_restore');
      command.signal('SIGKILL');
      await command.ended;
      expect(await stage.scratchDatabases()).toHaveLength(2);
      expect(await stage.files()).toEqual([expect.stringMatching(/\.partial$/)]);
      await stage.tools.release('pg_restore');

      const { file } = await runOnceFree(stage);
      expect(await stage.scratchDatabases()).toEqual([foreign]);
      expect(await stage.files()).toEqual([path.basename(file), `${path.basename(file)}.json`]);
    } finally {
      await stage.server.sql.query(`DROP DATABASE ${foreign}`);
    }
  });

  it('by Ctrl-C clears away itself', async () => {
    const stage = await open();
    await stage.tools.hold('pg_restore');
    const command = runByCommand(stage);
    await stage.tools.held('pg_restore');
    command.signal('SIGINT');
    expect((await command.ended).code).not.toBe(0);
    expect(await stage.files()).toEqual([]);
    expect(await stage.scratchDatabases()).toEqual([]);
  });
});

describe('npm run cli -- backup:run', () => {
  it('says where the backup is and how it was proven', async () => {
    const stage = await open();
    const command = runByCommand(stage);
    expect((await command.ended).code).toBe(0);
    const [dump] = await stage.files();
    expect(command.stdout).toMatch(
      new RegExp(`^${stage.dir}/${dump}: \\d+ bytes, restored and compared\\.\n$`),
    );
    expect(command.stderr).toContain('Restoring into a scratch database …');
  });

  it('says in one sentence that another run goes on', async () => {
    const stage = await open();
    await stage.tools.hold('pg_dump');
    const running = stage.run();
    await stage.tools.held('pg_dump');
    const command = runByCommand(stage);
    expect((await command.ended).code).toBe(1);
    expect(command.stderr.trim()).toBe('A backup or a restore is running; try again when it has ended.');
    await stage.tools.release('pg_dump');
    await running;
  });
});
