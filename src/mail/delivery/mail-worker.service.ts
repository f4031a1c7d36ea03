import { Injectable, Logger, type BeforeApplicationShutdown } from '@nestjs/common';
import { PgBoss, type JobResult, type JobWithMetadata } from 'pg-boss';
import { Clock } from '../../common/clock.js';
import { AppConfig } from '../../config/app-config.js';
import type { MailTransport } from '../transports/mail-transport.js';
import { openTransport } from '../transports/open-transport.js';
import { MailDelivery } from './mail-delivery.service.js';
import { DEFERRED, MailJobsRepository } from './mail-jobs.repository.js';
import { MailMetrics } from './mail-metrics.js';
import { MAIL_QUEUE, type MailJob } from './mail-queue.js';

/** At most so many letters at once, each over a connection of its own. */
const AT_ONCE = 2;
const POLLING_SECONDS = 1;
/** How soon the queue notices that a process died with a letter in its hands. */
const SUPERVISE_SECONDS = 15;
/** How often a process says that it still has a letter in its hands: the queue takes it back after two silent minutes. */
const HEARTBEAT_SECONDS = 30;
/** Less than the stage of the stop that this is part of. */
const STOP_LIMIT_MS = 5_000;

/** Sends what the outbox holds. Every process has one; each letter is taken by one of them. */
@Injectable()
export class MailWorker implements BeforeApplicationShutdown {
  private readonly logger = new Logger('mail');
  private boss: PgBoss | undefined;
  private transport: MailTransport | undefined;

  constructor(
    private readonly jobs: MailJobsRepository,
    private readonly delivery: MailDelivery,
    private readonly metrics: MailMetrics,
    private readonly config: AppConfig,
    private readonly clock: Clock,
  ) {}

  /** Begins to work. For services, not for commands. */
  async begin(): Promise<void> {
    const transport = openTransport(this.config.mail, this.clock);
    if (!transport) return;
    this.transport = transport;
    const boss = new PgBoss({
      ...this.jobs.connection,
      schedule: false,
      superviseIntervalSeconds: SUPERVISE_SECONDS,
      monitorIntervalSeconds: SUPERVISE_SECONDS,
      // Both need the owner's rights, and its tables stay small.
      reindex: false,
      monitorVacuum: false,
    });
    this.boss = boss;
    boss.on('error', (error) => {
      this.logger.error({ event_type: 'mail_queue_failed', err: error }, 'the queue of mails has a problem');
    });
    await boss.start();
    await boss.work(
      MAIL_QUEUE,
      {
        perJobResults: true,
        includeMetadata: true,
        batchSize: 1,
        localConcurrency: AT_ONCE,
        pollingIntervalSeconds: POLLING_SECONDS,
        heartbeatRefreshSeconds: HEARTBEAT_SECONDS,
      },
      (jobs: JobWithMetadata<MailJob>[]) => Promise.all(jobs.map((job) => this.work(job, transport))),
    );
  }

  /** Lets the letters finish that are being sent. What is cut off is tried again by another process. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.boss?.stop({ graceful: true, timeout: STOP_LIMIT_MS });
    this.transport?.close();
  }

  private async work(
    { id, data, retryCount, retryLimit }: JobWithMetadata<MailJob>,
    transport: MailTransport,
  ): Promise<JobResult> {
    const outcome = await this.delivery.deliver(data.messageId, transport, retryCount >= retryLimit);
    this.metrics.count(outcome);
    switch (outcome) {
      case 'failed':
        return { id, status: 'failed' };
      case 'deferred':
        return { id, status: 'failed', output: DEFERRED };
      case 'dead':
        return { id, status: 'deadletter' };
      default:
        return { id, status: 'completed' };
    }
  }
}
