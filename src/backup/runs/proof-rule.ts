import type { BackupConfig } from '../../config/app-config.js';
import type { BackupFile } from '../archive/backup-files.js';
import type { BackupOrder } from './make-backup.js';

/**
 * How a file is to be proven: restored, but for what is configured to be read only, and for a large file that is not
 * the first of its day (UTC).
 */
export function proofRule(
  { verify, verifyDailyAboveBytes }: Pick<BackupConfig, 'verify' | 'verifyDailyAboveBytes'>,
  earlier: readonly BackupFile[],
  now: Date,
): BackupOrder['proof'] {
  const today = now.toISOString().slice(0, 10);
  const wasRestoredToday = earlier.some(
    ({ manifest }) => manifest.verification === 'restore' && manifest.taken_at.startsWith(today),
  );
  return (bytes) => {
    if (verify === 'read') return { how: 'read', note: 'BACKUP_VERIFY is read.' };
    if (bytes <= verifyDailyAboveBytes || !wasRestoredToday) return { how: 'restore' };
    return {
      how: 'read',
      note: 'It is larger than BACKUP_VERIFY_DAILY_ABOVE_MB, and another one of this day was restored.',
    };
  };
}
