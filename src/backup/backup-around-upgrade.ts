import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isError } from '../common/errors/is-error.js';
import type { AppConfig } from '../config/app-config.js';
import { parseKeyRing } from '../crypto/parse-key-ring.js';
import { StartupError } from '../database/embedded/startup-error.js';
import type { UpgradeHooks } from '../database/migrate.js';
import { listBackupFiles, prepareBackupFolder, type BackupFile } from './archive/backup-files.js';
import { withBackupLock } from './databases/backup-lock.js';
import { makeBackup } from './runs/make-backup.js';

const LOOK_AGAIN_AFTER_MS = 500;

/**
 * Makes a backup before an upgrade changes the schema, and finds it again when an older version meets the newer schema.
 * @param signal gives the backup up
 */
export function backupAroundUpgrade(
  config: AppConfig,
  onProgress: (message: string) => void,
  signal: AbortSignal,
): UpgradeHooks {
  return {
    before: async () => {
      signal.throwIfAborted();
      if (!config.backup.beforeMigration) return;
      try {
        const { file } = await makeBackupBefore(config, onProgress, signal);
        onProgress(`Backup from before the upgrade: ${file}`);
      } catch (error) {
        signal.throwIfAborted();
        goOnWithout(error, config, onProgress);
      }
    },
    wayBack: (known) => findWayBack(config.backup.dir, known),
  };
}

/** The command that restores the newest backup that this version can run on. */
async function findWayBack(dir: string, known: ReadonlySet<string>): Promise<string | undefined> {
  const backups = await listBackupFiles(dir).catch(() => []);
  const fitting = backups.filter(({ manifest }) => manifest.migrations.every((name) => known.has(name)));
  const newest = fitting.at(-1);
  return newest && `npm run cli -- backup:restore ${path.basename(newest.file)}`;
}

async function makeBackupBefore(
  config: AppConfig,
  onProgress: (message: string) => void,
  signal: AbortSignal,
): Promise<BackupFile> {
  const { dir } = config.backup;
  onProgress('A backup is made before the upgrade …');
  await prepareBackupFolder(dir);
  for (let attempt = 1; ; attempt += 1) {
    const locked = await withBackupLock(config.database.direct, async (lost) =>
      makeBackup({
        reason: 'migration',
        dir,
        url: config.database.direct,
        programs: config.programs,
        ring: parseKeyRing('APP_ENCRYPTION_KEY', config.secrets.APP_ENCRYPTION_KEY),
        proof: () => ({ how: 'read', note: 'It was made before an upgrade, which waits for it.' }),
        last: (await listBackupFiles(dir)).at(-1)?.manifest,
        now: () => new Date(),
        signal: AbortSignal.any([signal, lost]),
        onStep: onProgress,
      }),
    );
    if (locked) return locked.done;
    if (attempt === 1) onProgress('Waiting for another process that makes a backup …');
    await delay(LOOK_AGAIN_AFTER_MS, undefined, { signal });
  }
}

/** @throws StartupError in production */
function goOnWithout(
  error: unknown,
  { environment }: AppConfig,
  onProgress: (message: string) => void,
): void {
  const why = isError(error) ? error.message : String(error);
  if (environment === 'production')
    throw new StartupError(
      `The backup before the upgrade could not be made, and nothing was changed. ${why} To upgrade without one, set BACKUP_BEFORE_MIGRATION=false.`,
    );
  onProgress(`No backup was made before the upgrade, which goes on outside production. ${why}`);
}
