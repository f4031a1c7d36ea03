import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { runPrepared } from '../../database/prepared.js';
import type { BegunLogin } from './known-devices.service.js';
import type { Bucket, BucketKind } from './lockout-rules.js';
import { CLEAR, FAIL, FAILURES_SINCE_LOGIN, GIVE_BACK, RESERVE } from './lockout-statements.js';

export interface BucketState {
  kind: BucketKind;
  /** `crowded`: so many attempts are being checked that it is not known yet whether there is room for another. */
  state: 'open' | 'locked' | 'limited' | 'crowded';
  /** False for a pair whose identifier was not locked of late: nothing is counted there. */
  counts: boolean;
  isReserved: boolean;
  /** Failures within the rule's window. */
  recent: number;
  retryAfterSeconds: number;
}

export interface LockSet {
  kind: BucketKind;
  seconds: number;
  /** Whether another lock was remembered. */
  isRepeated: boolean;
}

interface Names {
  email: string;
  username: string | null;
}

/** Attempts to log in, by the database's clock. Each method is one statement. */
@Injectable()
export class LockoutsRepository {
  constructor(private readonly dataSource: DataSource) {}

  transaction<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return this.dataSource.transaction(work);
  }

  /** Reserves a place for an attempt in every bucket, or in none where one of them refuses or is crowded. */
  reserve(id: string, buckets: readonly Bucket[], suspicionSeconds: number): Promise<BucketState[]> {
    return runPrepared<BucketState>(this.dataSource, RESERVE, [
      id,
      buckets.map(({ key }) => key),
      buckets.map(({ account }) => account),
      buckets.map(({ kind }) => kind),
      buckets.map(({ rule }) => rule.threshold),
      buckets.map(({ rule }) => rule.windowSeconds),
      buckets.map(({ rule }) => rule.rateLimit),
      suspicionSeconds,
    ]);
  }

  /** Makes a reservation a failure. @returns the locks that this sets */
  fail(manager: EntityManager, id: string, buckets: readonly Bucket[]): Promise<LockSet[]> {
    return runPrepared<LockSet>(manager, FAIL, [
      id,
      buckets.map(({ key }) => key),
      buckets.map(({ kind }) => kind),
      buckets.map(({ rule }) => rule.threshold),
      buckets.map(({ rule }) => rule.windowSeconds),
      buckets.map(({ rule }) => rule.lockSeconds),
      buckets.map(({ rule }) => rule.maxLockSeconds),
      buckets.map(({ rule }) => rule.memorySeconds),
    ]);
  }

  /** Gives a reservation back. @param cleared keys whose failures are forgotten with it */
  async giveBack(
    manager: EntityManager | undefined,
    id: string,
    buckets: readonly Bucket[],
    cleared: readonly Buffer[] = [],
  ): Promise<void> {
    await runPrepared(manager ?? this.dataSource, GIVE_BACK, [id, buckets.map(({ key }) => key), cleared]);
  }

  /**
   * Failures in the bucket that has most of them, as far as they are newer than the last login before this one. To be
   * asked after the session has begun.
   */
  async failuresSinceLogin(
    manager: EntityManager,
    buckets: readonly Bucket[],
    { userId, sessionId }: BegunLogin,
  ): Promise<number> {
    const [row] = await runPrepared<{ failures: number }>(manager, FAILURES_SINCE_LOGIN, [
      buckets.map(({ key }) => key),
      buckets.map(({ rule }) => rule.windowSeconds),
      userId,
      sessionId,
    ]);
    return row?.failures ?? 0;
  }

  /** Forgets what these keys, and every key of these accounts, have failed. */
  async clear(manager: EntityManager, keys: readonly Buffer[]): Promise<void> {
    await runPrepared(manager, CLEAR, [keys]);
  }

  /** The names of an account in the form in which they are compared. */
  async namesOf(manager: EntityManager, userId: number): Promise<Names | undefined> {
    const [row] = await manager.query<Names[]>(
      'SELECT email_normalized AS email, username_normalized AS username FROM users WHERE id = $1',
      [userId],
    );
    return row;
  }
}
