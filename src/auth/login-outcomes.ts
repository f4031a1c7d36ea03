import { Injectable } from '@nestjs/common';
import type { Counter } from 'prom-client';
import { countOutcome } from '../common/metrics/count-outcome.js';
import { Metrics } from '../common/metrics/metrics.js';

/** What an alert compares with what it was is there from the start. */
const ALWAYS_THERE = [
  'success',
  'mfa_required',
  'invalid_credentials',
  'code_invalid',
  'locked_out',
  'rate_limited',
  'busy',
];

/** Counts how logins ended, whichever way they took. */
@Injectable()
export class LoginOutcomes {
  private readonly outcomes: Counter<'outcome'>;

  constructor(metrics: Metrics) {
    this.outcomes = metrics.counter('mc101_logins_total', 'Logins by outcome.', ['outcome']);
    for (const outcome of ALWAYS_THERE) this.outcomes.inc({ outcome }, 0);
  }

  /** @param nameOf what a result counts as. @returns what the login returned @throws what it threw */
  count<T>(login: Promise<T>, nameOf: (result: T) => string = () => 'success'): Promise<T> {
    return countOutcome(
      (outcome) => {
        this.outcomes.inc({ outcome });
      },
      login,
      nameOf,
    );
  }
}
