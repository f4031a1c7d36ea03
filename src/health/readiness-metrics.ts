import { Injectable } from '@nestjs/common';
import { Metrics } from '../common/metrics/metrics.js';
import { withinTime } from '../common/within-time.js';
import type { CheckState } from '../common/readiness/readiness-checks.js';
import { ReadinessService } from './readiness.service.js';

/** What is off is not shown: nobody should be woken for it. */
const VALUE_OF: Record<Exclude<CheckState, 'off'>, number> = {
  ok: 1,
  degraded: 0.5,
  unavailable: 0.5,
  down: 0,
};

/** A database that hangs must not make the metrics hang: what was seen last is shown meanwhile. */
const LOOK_LIMIT_MS = 1_000;

/** Shows the checks of `/ready` to who collects metrics, through the same cached look. */
@Injectable()
export class ReadinessMetrics {
  constructor(metrics: Metrics, readiness: ReadinessService) {
    metrics.gauge(
      'mc101_ready_check',
      'Parts of /ready: 1 ok, 0.5 degraded or unavailable, 0 down. A part that is off is left out.',
      ['check'],
      async (gauge) => {
        const answer = await withinTime(readiness.check(), LOOK_LIMIT_MS);
        if (!answer) return;
        gauge.reset();
        for (const [check, { status }] of Object.entries(answer.checks) as [string, { status: CheckState }][])
          if (status !== 'off') gauge.set({ check }, VALUE_OF[status]);
      },
    );
  }
}
