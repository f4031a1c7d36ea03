import { Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { PgBoss } from 'pg-boss';
import type { EntityManager } from 'typeorm';
import { MailJobsRepository, type DeadJob, type QueueState } from './mail-jobs.repository.js';

export const MAIL_QUEUE = 'mail';
const DEAD_LETTER_QUEUE = 'mail-dead';

/** All that a job says; the letter itself lies in its row. */
export interface MailJob {
  messageId: string;
}

/** The queue of letters, as who fills it and who watches it sees it. */
@Injectable()
export class MailQueue implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly boss: PgBoss;

  constructor(private readonly jobs: MailJobsRepository) {
    this.boss = new PgBoss({ ...jobs.connection, supervise: false, schedule: false });
    // Its one timer reads what the queues are called; the next one tries again.
    this.boss.on('error', () => undefined);
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.boss.start();
  }

  /** A hundred ms at most: it has no work under way. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.boss.stop({ graceful: false });
  }

  /** In the transaction of the letter. */
  async add(messageId: string, manager: EntityManager): Promise<void> {
    const job: MailJob = { messageId };
    await this.boss.send(MAIL_QUEUE, job, { id: messageId, db: this.jobs.inTransaction(manager) });
  }

  /** How many jobs there are. */
  look(): Promise<QueueState> {
    return this.jobs.look();
  }

  /** The letters that nobody will try to send any more. */
  listDead(): Promise<DeadJob[]> {
    return this.jobs.listDead();
  }

  /** Gives the dead letters all their tries again. @returns how many */
  retryDead(): Promise<number> {
    return this.boss.redrive(DEAD_LETTER_QUEUE);
  }

  /** Forgets these jobs; the letters' rows are the caller's. */
  async discardDead(jobs: readonly DeadJob[]): Promise<void> {
    await this.boss.deleteJob(
      DEAD_LETTER_QUEUE,
      jobs.map(({ id }) => id),
    );
  }

  /** Forgets the jobs of letters that were discarded or are not known any more. @returns how many were not known */
  forgetGivenUp(): Promise<number> {
    return this.jobs.forgetGivenUp();
  }
}
