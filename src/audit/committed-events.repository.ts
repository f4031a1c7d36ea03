import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager, type EntitySubscriberInterface, type QueryRunner } from 'typeorm';

type Telling = () => void;

/** What is to be told once a transaction has been committed, by the connection that it runs on. */
@Injectable()
export class CommittedEvents implements EntitySubscriberInterface {
  private readonly waiting = new WeakMap<QueryRunner, Telling[]>();

  constructor(dataSource: DataSource) {
    dataSource.subscribers.push(this);
  }

  /** Runs `tell` once the manager's transaction is durable, and never when it is rolled back. */
  afterCommitOf(manager: EntityManager, tell: Telling): void {
    const runner = manager.queryRunner;
    if (!runner?.isTransactionActive) {
      tell();
      return;
    }
    this.waiting.set(runner, [...(this.waiting.get(runner) ?? []), tell]);
  }

  /** Also called at the end of a nested one, which commits nothing. */
  afterTransactionCommit({ queryRunner }: { queryRunner: QueryRunner }): void {
    if (queryRunner.isTransactionActive) return;
    for (const tell of this.take(queryRunner)) tell();
  }

  afterTransactionRollback({ queryRunner }: { queryRunner: QueryRunner }): void {
    if (!queryRunner.isTransactionActive) this.take(queryRunner);
  }

  private take(runner: QueryRunner): Telling[] {
    const telling = this.waiting.get(runner) ?? [];
    this.waiting.delete(runner);
    return telling;
  }
}
