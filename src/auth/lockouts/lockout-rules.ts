import { Injectable } from '@nestjs/common';
import { AppConfig } from '../../config/app-config.js';

/** Failures are counted towards a lock within this time. */
const WINDOW_SECONDS = 15 * 60;

/**
 * A code of six digits is guessed sooner than any password, by whoever has that already: locks that follow each other
 * within a day double up to one, which leaves eight guesses a day.
 */
const MAX_FACTOR_LOCK_SECONDS = 86_400;

/** More than anybody tries: a limit that is switched off. */
const UNLIMITED = 2_147_483_647;

/**
 * What attempts are counted by.
 * `identifier`: the e-mail address or username as it was typed, whether or not there is such an account.
 * `account`: whatever the identifier leads to, so that two names of one account do not buy twice as many tries.
 * `address`: the network that it comes from. `pair`: the identifier from there.
 * `own`: a known device, or a session, for its own account.
 * `factor`: codes of a second factor, by the account that they are for; on a known device and in a session by that one.
 */
export type BucketKind = 'identifier' | 'account' | 'address' | 'pair' | 'own' | 'factor';

export interface LockoutRule {
  /** This many failures within `windowSeconds` lock. */
  threshold: number;
  windowSeconds: number;
  /** This many within ten minutes are all that is let in, lock or not. */
  rateLimit: number;
  lockSeconds: number;
  /** Locks that follow each other double up to this. */
  maxLockSeconds: number;
  /** For how long after its end a lock is remembered: by what comes next it is told whether it is the first. */
  memorySeconds: number;
}

/** One of the things that an attempt is counted by. Of each kind an attempt has at most one. */
export interface Bucket {
  kind: BucketKind;
  /** A keyed hash. */
  key: Buffer;
  /** The key of the account that is cleared with it; null for what belongs to an address alone. */
  account: Buffer | null;
  rule: LockoutRule;
}

/** How much is let through where, as configured. */
@Injectable()
export class LockoutRules {
  /** For how long after a lock of the identifier what a pair fails is counted. */
  readonly suspicionSeconds: number;

  constructor(private readonly config: AppConfig) {
    this.suspicionSeconds = config.lockouts.suspendSeconds;
  }

  /**
   * @param factor how many times the limits of one address an address has
   * @returns undefined for what is switched off
   */
  of(kind: BucketKind, factor = 1): LockoutRule | undefined {
    const rule =
      kind === 'address'
        ? this.ofAddress(factor)
        : kind === 'factor'
          ? this.ofSecondFactor()
          : this.ofIdentifier(kind);
    return rule.threshold === UNLIMITED && rule.rateLimit === UNLIMITED ? undefined : rule;
  }

  /** Where something is counted; nowhere, for what is switched off. @param account whose it is cleared with, if anybody's */
  bucket(kind: BucketKind, key: Buffer, account: Buffer | null, factor?: number): Bucket[] {
    const rule = this.of(kind, factor);
    return rule ? [{ kind, key, account, rule }] : [];
  }

  private ofAddress(factor: number): LockoutRule {
    const { address } = this.config.lockouts;
    return {
      threshold: limit(address.threshold * factor),
      windowSeconds: WINDOW_SECONDS,
      rateLimit: limit(address.rateLimit * factor),
      lockSeconds: address.lockSeconds,
      maxLockSeconds: address.maxLockSeconds,
      memorySeconds: address.maxLockSeconds,
    };
  }

  private ofSecondFactor(): LockoutRule {
    const { identifier } = this.config.lockouts;
    const maxLockSeconds = Math.max(identifier.lockSeconds, MAX_FACTOR_LOCK_SECONDS);
    return {
      threshold: limit(identifier.threshold),
      windowSeconds: WINDOW_SECONDS,
      rateLimit: limit(identifier.rateLimit),
      lockSeconds: identifier.lockSeconds,
      maxLockSeconds,
      memorySeconds: maxLockSeconds,
    };
  }

  private ofIdentifier(kind: Exclude<BucketKind, 'address' | 'factor'>): LockoutRule {
    const { identifier, suspendSeconds } = this.config.lockouts;
    const isPair = kind === 'pair';
    const lockSeconds = isPair ? suspendSeconds : identifier.lockSeconds;
    return {
      threshold: limit(identifier.threshold),
      windowSeconds: isPair ? suspendSeconds : WINDOW_SECONDS,
      rateLimit: isPair ? UNLIMITED : limit(identifier.rateLimit),
      lockSeconds,
      maxLockSeconds: lockSeconds,
      memorySeconds: suspendSeconds,
    };
  }
}

function limit(configured: number): number {
  return configured === 0 ? UNLIMITED : configured;
}
