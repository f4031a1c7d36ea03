import type { BackupFile } from './backup-files.js';

/** An entry that APP_ENCRYPTION_KEY lacks, and what cannot be restored without it. */
export interface MissingKey {
  readonly id: string;
  /** How many of the retained backups need it. */
  readonly backups: number;
}

/**
 * The keys that retained backups need and the ring lacks, by id. A key that only backups need may leave the ring no
 * sooner than they leave the folder.
 * @param ringIds of APP_ENCRYPTION_KEY
 */
export function keysMissingFor(backups: readonly BackupFile[], ringIds: readonly string[]): MissingKey[] {
  const missing = new Map<string, number>();
  for (const { manifest } of backups) {
    for (const id of manifest.key_ids) {
      if (!ringIds.includes(id)) missing.set(id, (missing.get(id) ?? 0) + 1);
    }
  }
  return [...missing].map(([id, count]) => ({ id, backups: count })).sort((a, b) => a.id.localeCompare(b.id));
}

/** What `/ready` says of them; undefined when none is missing. */
export function explainMissingKeys(missing: readonly MissingKey[]): string | undefined {
  if (missing.length === 0) return undefined;
  const list = missing.map(({ id, backups }) => `"${id}" (${backups})`).join(', ');
  return `Retained backups need keys that APP_ENCRYPTION_KEY lacks: ${list}. Append them to it until these backups have expired.`;
}
