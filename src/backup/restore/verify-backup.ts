import type { ProgramFolders } from '../../config/app-config.js';
import type { KeyRing } from '../../crypto/key-ring.js';
import type { BackupFile } from '../archive/backup-files.js';
import { explainingFileFailures } from '../file-failures.js';
import { BackupRunningError } from '../backup.errors.js';
import { withBackupLock } from '../databases/backup-lock.js';
import { withConnection } from '../databases/connect.js';
import { dumpToolsFor } from '../databases/dump-tools-for.js';
import { serverMajor } from '../databases/sibling-database.js';
import { verifyByRestoring, verifyBytes } from '../runs/verify-archive.js';
import { majorOf, refuseOlderServer } from './check-backup.js';
import { warnOfForeignBackup } from './warn-of-foreign.js';

interface Verification {
  readonly backup: BackupFile;
  readonly how: 'restore' | 'read';
  /** The owner's role at the server that the scratch database is made at. */
  readonly url: string;
  readonly programs: ProgramFolders;
  readonly ring: KeyRing;
  readonly signal: AbortSignal;
  readonly onStep: (step: string) => void;
}

/**
 * Proves a backup that was made at some time, here or elsewhere.
 * @throws BackupFailedError
 * @throws BackupRunningError
 */
export function verifyBackup(order: Verification): Promise<void> {
  return explainingFileFailures(() => verify(order));
}

async function verify(order: Verification): Promise<void> {
  const { backup, how, url, programs, ring, signal, onStep } = order;
  const { file, manifest } = backup;
  // Reading takes no server.
  const major = how === 'restore' ? await withConnection(url, serverMajor) : 0;
  if (how === 'restore') refuseOlderServer(manifest, major);
  const tools = await dumpToolsFor(Math.max(major, majorOf(manifest.postgres.dump)), programs);
  await verifyBytes(file, manifest, { tools, signal, onStep });
  if (how === 'read') return;
  await warnOfForeignBackup(manifest, url, onStep);
  // A run would take the scratch database for one that was left.
  const locked = await withBackupLock(url, (lost) =>
    verifyByRestoring(file, manifest, {
      tools,
      url,
      ring,
      signal: AbortSignal.any([signal, lost]),
      onStep,
    }),
  );
  if (!locked) throw new BackupRunningError();
}
