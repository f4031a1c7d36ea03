import { describe, expect, it } from '@jest/globals';
import { BackupMetrics, type MeasuredBackups } from './backup-metrics.js';
import { Metrics } from '../common/metrics/metrics.js';

const AT = new Date('2026-01-05T09:00:00.000Z');

function build() {
  const metrics = new Metrics();
  const backups = new BackupMetrics(metrics);
  const values = async () =>
    Object.fromEntries(
      (await metrics.expose())
        .split('\n')
        .filter((line) => line.startsWith('mc101_backup_'))
        .map((line) => line.split(' ')),
    ) as Record<string, string>;
  return { backups, values };
}

const RUNS = {
  'mc101_backup_runs_total{outcome="success"}': '0',
  'mc101_backup_runs_total{outcome="failure"}': '0',
};

describe('the metrics of backups', () => {
  it('have no value before there is a backup: 0 would be one of 1970', async () => {
    const { backups, values } = build();
    expect(await values()).toEqual(RUNS);
    backups.lookWith(() => Promise.resolve({}));
    expect(await values()).toEqual(RUNS);
  });

  it('show the facts in seconds and bytes, and forget what is no longer known', async () => {
    const { backups, values } = build();
    let facts: MeasuredBackups = {
      intervalSeconds: 3600,
      lastSuccess: AT,
      lastVerified: AT,
      durationSeconds: 1.5,
      bytes: 4096,
    };
    backups.lookWith(() => Promise.resolve(facts));
    backups.countRun('success');
    backups.countRun('failure');
    backups.countRun('failure');
    expect(await values()).toEqual({
      mc101_backup_interval_seconds: '3600',
      mc101_backup_last_success_timestamp_seconds: '1767603600',
      mc101_backup_last_verified_timestamp_seconds: '1767603600',
      mc101_backup_duration_seconds: '1.5',
      mc101_backup_bytes: '4096',
      'mc101_backup_runs_total{outcome="success"}': '1',
      'mc101_backup_runs_total{outcome="failure"}': '2',
    });
    facts = { lastSuccess: AT, durationSeconds: 1.5, bytes: 4096 };
    const later = await values();
    expect(later).not.toHaveProperty('mc101_backup_last_verified_timestamp_seconds');
    expect(later).not.toHaveProperty('mc101_backup_interval_seconds');
  });

  it('take one look a scrape, and keep what was known when it fails', async () => {
    const { backups, values } = build();
    let looks = 0;
    backups.lookWith(() => {
      looks += 1;
      return looks === 1 ? Promise.resolve({ bytes: 7 }) : Promise.reject(new Error('the database is away'));
    });
    expect(await values()).toMatchObject({ mc101_backup_bytes: '7' });
    expect(looks).toBe(1);
    expect(await values()).toMatchObject({ mc101_backup_bytes: '7' });
    expect(looks).toBe(2);
  });
});
