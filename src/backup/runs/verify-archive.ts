import { createHash, randomBytes } from 'node:crypto';
import type { Client } from 'pg';
import type { KeyRing } from '../../crypto/key-ring.js';
import type { DumpTools } from '../../database/embedded/find-dump-tools.js';
import { BackupFailedError } from '../backup-failed-error.js';
import type { Manifest } from '../archive/manifest.js';
import { hashFile, readArchive } from '../archive/read-archive.js';
import { restoreArchive } from '../archive/restore-archive.js';
import { withConnection } from '../databases/connect.js';
import { createSibling, dropByPrefix, dropDatabase } from '../databases/sibling-database.js';
import { checkRestored } from './check-restored.js';

interface Verifying {
  readonly tools: DumpTools;
  /** The owner's role at the server that the scratch database is made at. */
  readonly url: string;
  readonly ring: KeyRing;
  readonly signal: AbortSignal;
  readonly onStep: (step: string) => void;
}

/** Compares a file with its manifest, and reads all of it. @throws BackupFailedError */
export async function verifyBytes(
  file: string,
  manifest: Pick<Manifest, 'bytes' | 'sha256'>,
  { tools, signal, onStep }: Pick<Verifying, 'tools' | 'signal' | 'onStep'>,
): Promise<void> {
  onStep('Comparing the file with its manifest …');
  const { bytes, sha256 } = await hashFile(file, signal);
  if (bytes !== manifest.bytes || sha256 !== manifest.sha256)
    throw new BackupFailedError(
      `${file} is not the file that its manifest describes (${bytes} bytes instead of ${manifest.bytes}, SHA-256 ${sha256}): it was cut off or changed. Take another backup.`,
    );
  onStep('Reading the file through …');
  await readArchive(tools, file, signal);
}

/**
 * Restores a file into a scratch database and compares what came out. The scratch database goes in any case; one that
 * a killed process left goes with the next one.
 * @throws MayNotCreateDatabasesError
 * @throws BackupFailedError
 */
export async function verifyByRestoring(
  file: string,
  manifest: Pick<Manifest, 'rows' | 'migrations' | 'key_ids' | 'database'>,
  { tools, url, ring, signal, onStep }: Verifying,
): Promise<void> {
  onStep('Restoring into a scratch database …');
  await withConnection(url, async (client) => {
    const scratch = `${scratchPrefix(client)}${randomBytes(6).toString('hex')}`;
    await createSibling(client, scratch);
    try {
      await restoreArchive({ tools, url, database: scratch, file, signal });
      onStep('Comparing what came out …');
      await withConnection(url, (restored) => checkRestored(restored, manifest, ring), scratch);
    } finally {
      await dropDatabase(client, scratch);
    }
  });
}

/** Drops scratch databases that ended processes left behind. To be called under the lock of the run. */
export async function dropLeftScratch(url: string): Promise<string[]> {
  return withConnection(url, (client) => dropByPrefix(client, scratchPrefix(client)));
}

/** Several services may share a server: what one left behind may be what another works on. */
function scratchPrefix({ database = '' }: Client): string {
  return `mc101_scratch_${createHash('sha256').update(database).digest('hex').slice(0, 12)}_`;
}
