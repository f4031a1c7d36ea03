import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { SecurityNotices } from '../notices/security-notices.js';
import type { BucketKind } from './lockout-rules.js';
import type { LockSet } from './lockouts.repository.js';

/** Locks of what belongs to an account; those of an address are nobody's. */
export const ACCOUNT_LOCKS: readonly BucketKind[] = ['identifier', 'account', 'pair', 'own', 'factor'];

/** What was tried when something locked: it decides what the owner has to know. */
export type LockedAttempt =
  /** The password of a login. `name`: what was typed, as a keyed hash, for where it is nobody's. */
  | { tried: 'password'; userId: number | undefined; name: string }
  /** The second factor of a login, by whoever got past the first one: at a provider, or with the password. */
  | { tried: 'code'; userId: number; isSocial: boolean }
  /** A password or code of somebody who is logged in. */
  | { tried: 'proof'; userId: number };

/** Tells the owner of an account what was locked, and by what. */
@Injectable()
export class LockNotices {
  constructor(private readonly notices: SecurityNotices) {}

  /**
   * Once for locks that follow each other: whoever has an account locked again and again floods no mailbox. For a name
   * that is nobody's it costs the same.
   */
  async tell(manager: EntityManager, attempt: LockedAttempt, locks: readonly LockSet[]): Promise<void> {
    const news = locks.filter(({ kind, isRepeated }) => ACCOUNT_LOCKS.includes(kind) && !isRepeated);
    if (news.length === 0) return;
    const seconds = Math.max(...news.map((lock) => lock.seconds));
    switch (attempt.tried) {
      case 'password': {
        const { userId, name } = attempt;
        return this.notices.announce(
          userId === undefined
            ? { kind: 'lockout', userId: null, name, seconds }
            : { kind: 'lockout', userId, seconds },
          manager,
        );
      }
      case 'code': {
        const { userId, isSocial } = attempt;
        const firstFactor = isSocial ? 'social' : 'password';
        return this.notices.announce(
          { kind: 'second_factor_lockout', userId, seconds, firstFactor },
          manager,
        );
      }
      case 'proof':
        return this.notices.announce({ kind: 'proof_lockout', userId: attempt.userId, seconds }, manager);
    }
  }
}
