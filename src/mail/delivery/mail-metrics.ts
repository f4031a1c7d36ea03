import { Injectable } from '@nestjs/common';
import type { Counter, Gauge } from 'prom-client';
import { Metrics } from '../../common/metrics/metrics.js';
import { withinTime } from '../../common/within-time.js';
import type { Delivery } from './mail-delivery.service.js';
import { MailQueue } from './mail-queue.js';

const OUTCOMES = ['sent', 'refused', 'expired', 'failed', 'deferred', 'dead'] as const;
type CountedOutcome = (typeof OUTCOMES)[number];

/** A look that takes longer is left for the next scrape. */
const LOOK_LIMIT_MS = 1_000;

/** Shows how the mails do: what this process sent, and what all of them have still to send. */
@Injectable()
export class MailMetrics {
  private readonly tries: Counter<'outcome'>;
  private readonly queue: Gauge<'state'>;
  private readonly oldest: Gauge;

  constructor(
    metrics: Metrics,
    private readonly mails: MailQueue,
  ) {
    this.tries = metrics.counter(
      'mc101_mail_tries_total',
      'Mails that this process tried to send, by outcome.',
      ['outcome'],
    );
    for (const outcome of OUTCOMES) this.tries.inc({ outcome }, 0);
    this.queue = metrics.gauge(
      'mc101_mail_queue',
      'Mails to be sent, of all processes: waiting, active, or dead, which nobody tries any more.',
      ['state'],
      () => this.refresh(),
    );
    this.oldest = metrics.gauge(
      'mc101_mail_oldest_seconds',
      'How long the oldest of the waiting mails has waited, but for those whose recipients are to blame.',
    );
  }

  count(outcome: Delivery): void {
    if (isCounted(outcome)) this.tries.inc({ outcome });
  }

  /** When it fails or takes long, the last numbers stand. */
  private async refresh(): Promise<void> {
    const look = this.mails.look().then(({ waiting, active, dead, oldestSeconds }) => {
      this.queue.set({ state: 'waiting' }, waiting);
      this.queue.set({ state: 'active' }, active);
      this.queue.set({ state: 'dead' }, dead);
      this.oldest.set(oldestSeconds);
    });
    await withinTime(
      look.catch(() => undefined),
      LOOK_LIMIT_MS,
    );
  }
}

function isCounted(outcome: Delivery): outcome is CountedOutcome {
  return (OUTCOMES as readonly string[]).includes(outcome);
}
