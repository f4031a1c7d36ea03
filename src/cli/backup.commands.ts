import path from 'node:path';
import type { Command } from 'commander';
import { listBackupFiles } from '../backup/archive/backup-files.js';
import { BackupRunningError } from '../backup/backup.errors.js';
import { BackupsService } from '../backup/backups.service.js';
import { verifyBackup } from '../backup/restore/verify-backup.js';
import { findBackup } from '../backup/restore/find-backup.js';
import { dropSetAside, listSetAsideDatabases } from '../backup/restore/set-aside-databases.js';
import { renderBackups } from '../backup/restore/render-backups.js';
import { restoreBackup } from '../backup/restore/restore-backup.js';
import { backupConfig } from '../config/app-config.js';
import type { Env } from '../config/env.schema.js';
import {
  explainRecovery,
  prepareRing,
  RECOVERY_FILE,
  RECOVERY_PASSPHRASE_FILE,
  type RecoveryOptions,
} from './backup-ring.js';
import { isConfirmed } from './confirmation.js';
import { withSteps } from './steps.js';
import { answer, report, type RunWithService } from './with-service.js';
import type { RunWithSurroundings } from './with-surroundings.js';

interface CommandSurroundings {
  run: RunWithService;
  runOnSurroundings: RunWithSurroundings;
  readEnv: () => Env;
  /** The folder that the operator is in; npm leaves it for the checkout's. */
  folder: string;
}

interface RestoreOptions extends RecoveryOptions {
  yes?: true;
  acceptLostVotes?: true;
  withoutSafetyDump?: true;
}

const FILE = ['<file>', 'a path, or the name of a file in BACKUP_DIR'] as const;
const YES = ['--yes', 'do not ask'] as const;

export function addBackupCommands(program: Command, surroundings: CommandSurroundings): void {
  addRun(program, surroundings);
  addList(program, surroundings);
  addVerify(program, surroundings);
  addRestore(program, surroundings);
  addDropOld(program, surroundings);
}

function addRun(program: Command, { run }: CommandSurroundings): void {
  program
    .command('backup:run')
    .description('make a backup now and prove it')
    .action(() =>
      run(async (service) => {
        const backups = service.get(BackupsService);
        const made = await withSteps(({ onStep }) => backups.run({ reason: 'manual', onStep }));
        if (!made) throw new BackupRunningError();
        const { bytes, verification, note } = made.manifest;
        answer(
          `${made.file}: ${bytes} bytes, ${verification === 'restore' ? 'restored and compared' : 'read through'}.`,
        );
        if (note !== undefined) answer(note);
      }),
    );
}

function addList(program: Command, { readEnv }: CommandSurroundings): void {
  program
    .command('backup:list')
    .description('list the backups in BACKUP_DIR; needs no database')
    .action(async () => {
      const { dir } = backupConfig(readEnv());
      const backups = await listBackupFiles(dir);
      if (backups.length === 0) report(`There is no backup in ${dir}.`);
      else answer(renderBackups(backups));
    });
}

function addVerify(program: Command, { runOnSurroundings, folder }: CommandSurroundings): void {
  const inFolder = (file: string) => path.resolve(folder, file);
  program
    .command('backup:verify')
    .description(
      'prove a backup: read it through, restore it into a scratch database and compare; statements in it run as the owner of the database',
    )
    .argument(...FILE)
    .option('--read', 'only read it through, running nothing of it: for files from elsewhere')
    .option(...RECOVERY_FILE, inFolder)
    .option(...RECOVERY_PASSPHRASE_FILE, inFolder)
    .action(async (file: string, { read, ...recovery }: RecoveryOptions & { read?: true }) => {
      const ringFor = await prepareRing(recovery);
      await runOnSurroundings(async ({ config }, signal) => {
        const backup = await findBackup(file, folder, config.backup.dir);
        await withSteps(({ onStep }) =>
          verifyBackup({
            backup,
            how: read ? 'read' : 'restore',
            url: config.database.direct,
            programs: config.programs,
            ring: ringFor(config).ring,
            signal,
            onStep,
          }),
        );
        answer(`${backup.file}: ${read ? 'read through' : 'restored and compared'}; it is as it was made.`);
      });
    });
}

function addRestore(program: Command, { runOnSurroundings, folder }: CommandSurroundings): void {
  const inFolder = (file: string) => path.resolve(folder, file);
  program
    .command('backup:restore')
    .description(
      'put a backup in the place of the present database, which is kept under another name; statements in it run as its owner: restore only what you trust',
    )
    .argument(...FILE)
    .option(...YES)
    .option('--accept-lost-votes', 'restore also when votes since the backup are lost by it')
    .option('--without-safety-dump', 'do not back the present database up first, as when it is damaged')
    .option(...RECOVERY_FILE, inFolder)
    .option(...RECOVERY_PASSPHRASE_FILE, inFolder)
    .action(async (file: string, options: RestoreOptions) => {
      const ringFor = await prepareRing(options);
      await runOnSurroundings(async ({ config }, signal) => {
        const recovery = ringFor(config);
        const backup = await findBackup(file, folder, config.backup.dir);
        const { taken_at: takenAt } = backup.manifest;
        const { setAside, lostVotes } = await withSteps(({ onStep, pause }) =>
          restoreBackup({
            backup,
            backupDir: config.backup.dir,
            urls: config.database,
            programs: config.programs,
            databaseFolder: config.databaseFolder,
            ring: recovery.ring,
            withoutSafetyDump: options.withoutSafetyDump ?? false,
            acceptLostVotes: options.acceptLostVotes ?? false,
            confirm: (database) => {
              pause();
              return options.yes
                ? Promise.resolve(true)
                : isConfirmed(
                    `The database "${database}" is about to be replaced by what it held at ${takenAt}. Everybody is logged out, and what was written since is no longer in it. Type its name to go on:`,
                    database,
                    signal,
                  );
            },
            signal,
            onStep,
            now: () => new Date(),
          }),
        );
        answer(`The database is as it was at ${takenAt}.`);
        if (lostVotes !== 0) answer(`Votes lost: ${lostVotes ?? 'unknown'}.`);
        answer(
          `The former one is kept as "${setAside}". Once it is needed no more: npm run cli -- backup:drop-old ${setAside}`,
        );
        const toDo = explainRecovery(recovery);
        if (toDo !== undefined) answer(toDo);
      });
    });
}

function addDropOld(program: Command, { runOnSurroundings }: CommandSurroundings): void {
  program
    .command('backup:drop-old')
    .description('drop a database that a restore has replaced; without a name, list them')
    .argument('[name]')
    .option(...YES)
    .action((name: string | undefined, { yes }: { yes?: true }) =>
      runOnSurroundings(async ({ config }, signal) => {
        const { direct } = config.database;
        if (name === undefined) {
          const kept = await listSetAsideDatabases(direct);
          if (kept.length === 0) report('No replaced database is kept.');
          for (const database of kept) answer(`${database.name}  ${database.bytes} bytes`);
          return;
        }
        await dropSetAside(direct, name, () =>
          yes
            ? Promise.resolve(true)
            : isConfirmed(`"${name}" is about to be dropped for good. Type its name to go on:`, name, signal),
        );
        answer(`"${name}" is gone.`);
      }),
    );
}
