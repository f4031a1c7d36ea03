import { Injectable } from '@nestjs/common';
import type { Counter, Gauge } from 'prom-client';
import { withinTime } from '../common/within-time.js';
import { Metrics, type MetricName } from '../common/metrics/metrics.js';

const BACKUP_OUTCOMES = ['success', 'failure'] as const;
export type BackupOutcome = (typeof BACKUP_OUTCOMES)[number];

/** What is known of the backups; what is not known is left out. */
export interface MeasuredBackups {
  /** Between two moments of the schedule; unknown where there is none. */
  intervalSeconds?: number;
  /** When the newest complete backup was finished. */
  lastSuccess?: Date;
  /** When a backup was last proven to restore. */
  lastVerified?: Date;
  /** Of the newest complete backup. */
  durationSeconds?: number;
  /** Of the newest complete backup. */
  bytes?: number;
}

/** A look that takes longer is waited for by the next scrape. */
const LOOK_LIMIT_MS = 1_000;

/** Shows how the backups do. One process makes them and every process tells of them, so the facts are looked up. */
@Injectable()
export class BackupMetrics {
  private readonly gauges: Record<keyof MeasuredBackups, Gauge>;
  private readonly runs: Counter<'outcome'>;
  private look: (() => Promise<MeasuredBackups>) | undefined;
  private looking: Promise<void> | undefined;

  constructor(metrics: Metrics) {
    const gauge = (name: MetricName, help: string) => {
      const made = metrics.gauge(name, help, [], () => this.refresh());
      // Until something is known there is no value: 0 would read as a backup of 1970.
      made.remove();
      return made;
    };
    this.gauges = {
      intervalSeconds: gauge(
        'mc101_backup_interval_seconds',
        'Time between two backups of the schedule; no value without one.',
      ),
      lastSuccess: gauge(
        'mc101_backup_last_success_timestamp_seconds',
        'When the newest backup was finished.',
      ),
      lastVerified: gauge(
        'mc101_backup_last_verified_timestamp_seconds',
        'When a backup was last proven to restore.',
      ),
      durationSeconds: gauge('mc101_backup_duration_seconds', 'How long the newest backup took.'),
      bytes: gauge('mc101_backup_bytes', 'Size of the newest backup.'),
    };
    this.runs = metrics.counter('mc101_backup_runs_total', 'Runs of this process by outcome.', ['outcome']);
    for (const outcome of BACKUP_OUTCOMES) this.runs.inc({ outcome }, 0);
  }

  /** Sets where the facts come from. Called at each scrape; when it fails or takes long, the last facts stand. */
  lookWith(look: () => Promise<MeasuredBackups>): void {
    this.look = look;
  }

  /** Counts a run of this process that has ended. */
  countRun(outcome: BackupOutcome): void {
    this.runs.inc({ outcome });
  }

  /** All gauges of one scrape share one look. */
  private async refresh(): Promise<void> {
    if (!this.look) return;
    this.looking ??= this.look()
      .then((facts) => {
        this.show(facts);
      })
      .catch(() => undefined)
      .finally(() => {
        this.looking = undefined;
      });
    await withinTime(this.looking, LOOK_LIMIT_MS);
  }

  private show({
    intervalSeconds,
    lastSuccess,
    lastVerified,
    durationSeconds,
    bytes,
  }: MeasuredBackups): void {
    const { gauges } = this;
    set(gauges.intervalSeconds, intervalSeconds);
    set(gauges.lastSuccess, lastSuccess && lastSuccess.getTime() / 1000);
    set(gauges.lastVerified, lastVerified && lastVerified.getTime() / 1000);
    set(gauges.durationSeconds, durationSeconds);
    set(gauges.bytes, bytes);
  }
}

function set(gauge: Gauge, value: number | undefined): void {
  if (value === undefined) gauge.remove();
  else gauge.set(value);
}
