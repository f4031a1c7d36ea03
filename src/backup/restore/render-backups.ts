import path from 'node:path';
import type { BackupFile } from '../archive/backup-files.js';

const PROOFS = { restore: 'restored and compared', read: 'read through' } as const;

/** A table for people, one backup a line, oldest first. */
export function renderBackups(backups: readonly BackupFile[]): string {
  const rows = [
    ['FILE', 'TAKEN AT', 'REASON', 'BYTES', 'VERIFICATION'],
    ...backups.map(({ file, manifest }) => [
      path.basename(file),
      manifest.taken_at,
      manifest.reason,
      String(manifest.bytes),
      PROOFS[manifest.verification],
    ]),
  ];
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
