import { describe, expect, it } from '@jest/globals';
import { backupFinding, type BackupFacts } from './backup-finding.js';

const HOUR = 3_600_000;
const NOW = new Date('2026-03-01T12:00:00Z');
const ago = (ms: number) => new Date(NOW.getTime() - ms);
const run = (finishedAt: Date, bytes = 1000) => ({ finishedAt, bytes });

const look = (facts: Partial<BackupFacts>) =>
  backupFinding(
    {
      momentAfter: (at, nth) => new Date((Math.floor(at.getTime() / HOUR) + nth) * HOUR),
      watchedSince: ago(100 * HOUR),
      verified: [run(ago(HOUR))],
      hasLastFailed: false,
      ...facts,
    },
    NOW,
  );

describe('how the backups do', () => {
  it('is fine until two moments of the schedule have passed, and the time that a run may take', () => {
    expect(look({})).toEqual({ status: 'ok' });
    // Since 09:55 two have passed at 11:00, and this one at 12:00; since 10:05, the second just now.
    expect(look({ verified: [run(ago(2 * HOUR + 5 * 60_000))] }).status).toBe('degraded');
    expect(look({ verified: [run(ago(2 * HOUR - 5 * 60_000))] }).status).toBe('ok');
  });

  it('is degraded once two runs were missed, and says since when and why', () => {
    const late = look({ verified: [run(ago(2 * HOUR + 11 * 60_000))], hasLastFailed: true });
    expect(late.status).toBe('degraded');
    expect(late.detail).toBe(
      'The newest verified backup is of 2026-03-01T09:49:00.000Z. The last run failed; /admin/backups and the log say why.',
    );
    expect(look({ verified: [run(ago(3 * HOUR))] }).detail).toMatch(/No run has succeeded since/);
  });

  it('tells of a failure before it makes the service degraded', () => {
    expect(look({ hasLastFailed: true })).toEqual({
      status: 'ok',
      detail: 'The last run failed; /admin/backups and the log say why.',
    });
  });

  it('gives the first backup the same time as the others', () => {
    expect(look({ verified: [], watchedSince: ago(HOUR) }).status).toBe('ok');
    expect(look({ verified: [], watchedSince: ago(3 * HOUR) }).status).toBe('degraded');
  });

  it('reports a backup of the future, which a wrong clock made', () => {
    expect(look({ verified: [run(ago(-HOUR))] })).toEqual({
      status: 'degraded',
      detail: expect.stringContaining('correct the clock'),
    });
    expect(look({ verified: [run(ago(-60_000))] }).status).toBe('ok');
  });

  it('reports a file of less than half the size of the one before, until the next', () => {
    const times = [run(ago(HOUR), 499), run(ago(2 * HOUR), 1000)] as const;
    expect(look({ verified: times }).status).toBe('degraded');
    expect(look({ verified: [run(ago(HOUR), 500), run(ago(2 * HOUR), 1000)] }).status).toBe('ok');
    expect(look({ verified: [run(ago(0), 499), ...times] }).status).toBe('ok');
  });
});
