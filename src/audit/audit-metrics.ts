import { Injectable } from '@nestjs/common';
import { Metrics, type MetricName } from '../common/metrics/metrics.js';
import { withinTime } from '../common/within-time.js';
import { AuditSealer } from './seals/audit-sealer.service.js';
import { SealsRepository } from './seals/seals.repository.js';

/** A look that takes longer is waited for by the next scrape. */
const LOOK_LIMIT_MS = 1_000;

/** Shows how far the log is sealed. One process seals and every process tells of it, so the facts are looked up. */
@Injectable()
export class AuditMetrics {
  private looking: Promise<void> | undefined;
  private readonly head;
  private readonly unsealed;
  private readonly age;

  constructor(
    metrics: Metrics,
    private readonly repository: SealsRepository,
    private readonly sealer: AuditSealer,
  ) {
    const gauge = (name: MetricName, help: string) => metrics.gauge(name, help, [], () => this.refresh());
    this.head = gauge('mc101_audit_seal_number', 'Number of the last seal of the audit log.');
    this.unsealed = gauge(
      'mc101_audit_unsealed_entries',
      'Entries of the audit log that wait for their seal.',
    );
    this.age = gauge('mc101_audit_unsealed_age_seconds', 'Age of the oldest entry that waits for its seal.');
  }

  /** All gauges of one scrape share one look; when it fails or takes long, the last facts stand. */
  private async refresh(): Promise<void> {
    this.looking ??= this.look()
      .catch(() => undefined)
      .finally(() => {
        this.looking = undefined;
      });
    await withinTime(this.looking, LOOK_LIMIT_MS);
  }

  private async look(): Promise<void> {
    const { head, unsealed, oldestSeconds } = await this.repository.backlog(this.sealer.sealedThrough);
    this.head.set(head?.number ?? 0);
    this.unsealed.set(unsealed);
    this.age.set(oldestSeconds);
  }
}
