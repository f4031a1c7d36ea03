import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { AppConfig } from '../../config/app-config.js';
import { Crowds } from './crowds.js';
import type { BucketKind } from './lockout-rules.js';
import { LockoutRules } from './lockout-rules.js';
import { LockedOutError, TooManyFailuresError } from './lockouts.errors.js';
import type { Bucket } from './lockout-rules.js';
import { LockoutsRepository, type BucketState, type LockSet } from './lockouts.repository.js';

/** A place that an attempt has, counted before its password is looked at. */
export interface Reservation {
  id: string;
  /** Where it is counted. */
  buckets: readonly Bucket[];
  /** Failures before it, in the bucket that had most; those of an address are nobody's. */
  failuresBefore: number;
}

/**
 * Counts attempts before they are made: those that failed and those that are being checked never outnumber what a
 * bucket lets through, however many come at once and to however many processes. An attempt that finds the places taken
 * by others whose end is not known waits for them, so that a hundred right passwords at once are all let in.
 */
@Injectable()
export class ReservationsService {
  private readonly crowds: Crowds;

  constructor(
    private readonly repository: LockoutsRepository,
    private readonly rules: LockoutRules,
    config: AppConfig,
  ) {
    this.crowds = new Crowds(config.cpuPool.queueLimit);
  }

  /**
   * @throws LockedOutError when a bucket is locked
   * @throws TooManyFailuresError
   * @throws BusyError when too many wait, or for too long
   */
  reserve(buckets: readonly Bucket[]): Promise<Reservation> {
    const id = randomUUID();
    if (buckets.length === 0) return Promise.resolve({ id, buckets: [], failuresBefore: 0 });
    return this.crowds.pass(buckets.map(nameOf), () => this.tryOnce(id, buckets));
  }

  /** @returns the locks that this failure sets */
  async fail(manager: EntityManager, { id, buckets }: Reservation): Promise<LockSet[]> {
    return buckets.length === 0 ? [] : await this.repository.fail(manager, id, buckets);
  }

  /**
   * @param cleared kinds of its buckets whose failures are forgotten with it
   * @param alsoCleared buckets of an earlier step of the same login, by their keys
   */
  async giveBack(
    { id, buckets }: Reservation,
    manager?: EntityManager,
    cleared: readonly BucketKind[] = [],
    alsoCleared: readonly Buffer[] = [],
  ): Promise<void> {
    if (buckets.length === 0 && alsoCleared.length === 0) return;
    const own = buckets.filter(({ kind }) => cleared.includes(kind)).map(({ key }) => key);
    await this.repository.giveBack(manager, id, buckets, [...own, ...alsoCleared]);
  }

  private async tryOnce(
    id: string,
    buckets: readonly Bucket[],
  ): Promise<{ crowd: string } | { passed: Reservation }> {
    const states = await this.repository.reserve(id, buckets, this.rules.suspicionSeconds);
    refuse(states.filter(({ kind }) => kind !== 'account'));
    const inState = (matches: (state: BucketState) => boolean) =>
      buckets.filter(({ kind }) => states.some((state) => state.kind === kind && matches(state)));
    const reserved = inState(({ isReserved }) => isReserved);
    const [crowded] = inState(({ state }) => state === 'crowded');
    if (crowded) return { crowd: nameOf(crowded) };
    // Somebody else came in between.
    const [missed] = inState(({ state, counts, isReserved }) => state === 'open' && counts && !isReserved);
    if (missed) {
      if (reserved.length > 0) await this.repository.giveBack(undefined, id, reserved);
      return { crowd: nameOf(missed) };
    }
    const failures = states.filter(({ kind }) => kind !== 'address').map(({ recent }) => recent);
    return { passed: { id, buckets: reserved, failuresBefore: Math.max(0, ...failures) } };
  }
}

function refuse(states: readonly BucketState[]): void {
  const refusing = states.filter(({ state }) => state === 'locked' || state === 'limited');
  if (refusing.length === 0) return;
  const retryAfterSeconds = Math.max(...refusing.map((state) => state.retryAfterSeconds));
  throw refusing.some(({ state }) => state === 'locked')
    ? new LockedOutError(retryAfterSeconds)
    : new TooManyFailuresError(retryAfterSeconds);
}

function nameOf({ key }: Bucket): string {
  return key.toString('base64');
}
