import { expect, it } from '@jest/globals';
import { judgeBackups } from './backups.js';

const NOW = new Date('2026-01-05T09:30:00Z');
const hoursAgo = (hours: number) => new Date(NOW.getTime() - hours * 3_600_000);
const HOURLY = { cron: '0 * * * *', verify: 'restore' } as const;
const verdicts = (...given: Parameters<typeof judgeBackups>) =>
  judgeBackups(...given).map(({ verdict }) => verdict);

it('a backup that was restored on trial today is in order, and told with its time', () => {
  const made = { lastSuccess: hoursAgo(1), lastVerified: hoursAgo(23) };
  expect(judgeBackups(made, HOURLY, NOW)).toEqual([
    {
      verdict: 'ok',
      found:
        'The newest is of 2026-01-05T08:30:00.000Z, the last one that was restored on trial of 2026-01-04T10:30:00.000Z.',
    },
  ]);
});

it('none at all, and none that was restored for a day, is a warning', () => {
  expect(verdicts({}, HOURLY, NOW)).toEqual(['warning']);
  expect(verdicts({ lastSuccess: hoursAgo(1) }, HOURLY, NOW)).toEqual(['warning']);
  expect(verdicts({ lastSuccess: hoursAgo(1), lastVerified: hoursAgo(25) }, HOURLY, NOW)).toEqual([
    'warning',
  ]);
});

it('BACKUP_VERIFY lowered to read is a warning of its own, and no schedule is said', () => {
  const made = { lastSuccess: hoursAgo(1), lastVerified: hoursAgo(1) };
  const findings = judgeBackups(made, { cron: undefined, verify: 'read' }, NOW);
  expect(findings).toEqual([
    expect.objectContaining({ verdict: 'ok' }),
    expect.objectContaining({ verdict: 'warning', found: expect.stringContaining('BACKUP_VERIFY is read') }),
    { verdict: 'off', found: 'BACKUP_CRON is off: this process makes none by itself.' },
  ]);
});
