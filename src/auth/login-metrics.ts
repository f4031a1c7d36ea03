import { Injectable } from '@nestjs/common';
import type { Counter } from 'prom-client';
import { Metrics } from '../common/metrics/metrics.js';

/** Counts how logins end, whatever they are made with. */
@Injectable()
export class LoginMetrics {
  private readonly outcomes: Counter<'outcome'>;

  constructor(metrics: Metrics) {
    this.outcomes = metrics.counter('mc101_logins_total', 'Logins by outcome.', ['outcome']);
    // What an alert compares with what it was is there from the start.
    for (const outcome of ['success', 'invalid_credentials', 'locked_out', 'rate_limited', 'busy'])
      this.outcomes.inc({ outcome }, 0);
  }

  /** @param outcome as countOutcome tells it */
  count(outcome: string): void {
    this.outcomes.inc({ outcome });
  }
}
