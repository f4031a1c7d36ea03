import { constants } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { syncFolder } from '../../database/embedded/secrets-file.js';
import { BackupFailedError } from '../backup-failed-error.js';

const MAX_BYTES = 1 << 20;

/** Printed on terminals. */
const version = z.string().regex(/^[\w.()+~: -]{1,100}$/);

const count = z.number().int().nonnegative();

const MANIFEST = z.object({
  format: z.literal(1),
  /** The version of the service that made it. */
  service: version,
  /** Of the row in `backups`; absent where none was written, as before a migration. */
  run_id: count.optional(),
  reason: z.enum(['schedule', 'manual', 'migration', 'restore', 'move']),
  database: z.string(),
  /** Which installation it is of; null for one without an account. */
  installation: z.string().nullable(),
  /** Of the database when it was dumped. */
  database_bytes: count.min(1),
  postgres: z.object({ server: version, dump: version }),
  /** The database's time when the snapshot was taken. */
  taken_at: z.iso.datetime(),
  /** Names, in the order in which they ran. */
  migrations: z.array(z.string()),
  /** Rows by table, "schema.name". */
  rows: z.record(z.string(), count),
  /** The entries of APP_ENCRYPTION_KEY that rows need. */
  key_ids: z.array(z.string()),
  /** The last seal of the audit log: one that is missing later was cut off. */
  audit_head: z.object({ number: count, head: z.string().regex(/^[0-9a-f]{64}$/) }).optional(),
  bytes: count,
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  verification: z.enum(['restore', 'read']),
  verified_at: z.iso.datetime(),
  /** Why it was only read, where it should have been restored. */
  note: z.string().optional(),
});

/** What a backup says of itself, beside its file. */
export type Manifest = z.infer<typeof MANIFEST>;

export const MANIFEST_ENDING = '.json';

/** Where the manifest of a backup lies: beside it. */
export function manifestOf(file: string): string {
  return `${file}${MANIFEST_ENDING}`;
}

/** Writes the manifest whole and durably. */
export async function writeManifest(file: string, manifest: Manifest): Promise<void> {
  const place = manifestOf(file);
  const partial = `${place}.partial`;
  const handle = await open(partial, 'w', 0o600);
  try {
    await handle.writeFile(`${JSON.stringify(manifest, undefined, 2)}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(partial, place);
  await syncFolder(path.dirname(place));
}

/** @throws BackupFailedError when it is missing or damaged */
export async function readManifest(file: string): Promise<Manifest> {
  const place = manifestOf(file);
  const text = await readSmallFile(place).catch(() => {
    throw new BackupFailedError(
      `${place} is missing or cannot be read: a backup without its manifest proves nothing; copy it from where the backup came from.`,
    );
  });
  try {
    return MANIFEST.parse(JSON.parse(text));
  } catch {
    throw new BackupFailedError(`${place} is damaged: take another backup.`);
  }
}

/** Whoever may write to the folder could have put a pipe here, a link, or something without an end. */
async function readSmallFile(file: string): Promise<string> {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  const handle = await open(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    const found = await handle.stat();
    if (!found.isFile() || found.size > MAX_BYTES) throw new Error('This is no manifest.');
    return await handle.readFile('utf8');
  } finally {
    await handle.close();
  }
}
