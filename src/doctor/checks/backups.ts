import { BackupStatusService } from '../../backup/backup-status.service.js';
import type { MeasuredBackups } from '../../backup/backup-metrics.js';
import type { BackupConfig } from '../../config/app-config.js';
import { notLookedAt, type Check } from '../check.js';
import { off, ok, warning, type Finding } from '../finding.js';

const DAY_MS = 86_400_000;

export const backups: Check = {
  name: 'backups made',
  look: async ({ service, config, clock }) => {
    if ('why' in service) return notLookedAt(service);
    if ('why' in config) return notLookedAt(config);
    const status = service.there.modules.get(BackupStatusService);
    return judgeBackups(await status.measure(), config.there.backup, clock.now());
  },
};

/** @internal for tests */
export function judgeBackups(
  { lastSuccess, lastVerified }: Pick<MeasuredBackups, 'lastSuccess' | 'lastVerified'>,
  { cron, verify }: Pick<BackupConfig, 'cron' | 'verify'>,
  now: Date,
): readonly Finding[] {
  const findings: Finding[] = [];
  if (lastSuccess === undefined)
    findings.push(
      warning(
        'There is no verified backup yet.',
        cron === undefined
          ? 'npm run cli -- backup:run, and set BACKUP_CRON unless something else starts the runs.'
          : 'npm run cli -- backup:run makes one now, and says what is in its way.',
      ),
    );
  else if (lastVerified === undefined || now.getTime() - lastVerified.getTime() > DAY_MS)
    findings.push(
      warning(
        `The newest backup is of ${lastSuccess.toISOString()}, and ${lastVerified === undefined ? 'none was ever restored on trial' : `the last one that was restored on trial of ${lastVerified.toISOString()}`}.`,
        'npm run cli -- backup:run makes and proves one now, and says what is in its way.',
      ),
    );
  else
    findings.push(
      ok(
        `The newest is of ${lastSuccess.toISOString()}, the last one that was restored on trial of ${lastVerified.toISOString()}.`,
      ),
    );
  if (verify === 'read')
    findings.push(
      warning(
        'BACKUP_VERIFY is read: that a backup can be restored is never proven.',
        'Set BACKUP_VERIFY=restore, or run npm run cli -- backup:verify FILE again and again.',
      ),
    );
  if (cron === undefined) findings.push(off('BACKUP_CRON is off: this process makes none by itself.'));
  return findings;
}
