import { validateCronExpression } from 'cron';
import { flag, oneOf, text, whole } from './value-types.js';
import { inSection } from './variable.js';

/** Five fields, or six that begin with the seconds, as the scheduler reads them. */
const cronExpression = text.refine(
  (value) => value === 'off' || validateCronExpression(value).valid,
  'must be a cron expression such as 0 * * * *, or off',
);

/** When backups are made, how they are proven, and how long they are kept. */
export const BACKUPS = inSection('Backups', {
  BACKUP_DIR: {
    description: 'Where backups are kept. Default: backups beside package.json. One service each.',
    schema: text.optional(),
  },
  BACKUP_CRON: {
    description: 'When backups are made, in UTC: minute, hour, day of month, month, day of week; or off.',
    schema: cronExpression.default('0 * * * *'),
    example: '"0 * * * *"',
  },
  BACKUP_RETENTION_DAYS: {
    description: 'Backups older than this are deleted once a newer one is verified.',
    schema: whole(1, 36_500, 7),
    example: '7',
  },
  BACKUP_KEEP_DAILY: {
    description: "Days past the retention of which the day's last backup is kept.",
    schema: whole(0, 3650, 0),
    example: '0',
  },
  BACKUP_KEEP_WEEKLY: {
    description: "Weeks past the retention of which the week's last backup is kept.",
    schema: whole(0, 520, 0),
    example: '0',
  },
  BACKUP_KEEP_MONTHLY: {
    description: "Months past the retention of which the month's last backup is kept.",
    schema: whole(0, 120, 0),
    example: '0',
  },
  BACKUP_VERIFY: {
    description: 'How a backup is proven: restore (into a scratch database) or read (through the file only).',
    schema: oneOf('restore', 'read').default('restore'),
    example: 'restore',
  },
  BACKUP_VERIFY_DAILY_ABOVE_MB: {
    description: "Of backups larger than this only the day's first is restored; the others are read through.",
    schema: whole(1, 10_000_000, 1024),
    example: '1024',
  },
  BACKUP_BEFORE_MIGRATION: {
    description: 'Makes a backup before an upgrade changes the schema.',
    schema: flag(true),
    example: 'true',
  },
});
