import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { MfaChange } from '../../mail/letters/mfa-changed.js';
import type { FirstFactorKind } from '../../mail/letters/second-factor-lockout.js';

/** Something that the owner of an account should hear of, as it may be somebody else's doing. */
export type SecurityNotice =
  /** A refresh token that was used already came again: somebody has a copy. The session has ended. */
  | { kind: 'refresh_reuse'; userId: number }
  /** By somebody who knew the former one. */
  | { kind: 'password_changed'; userId: number }
  /** By a code that was mailed. All sessions have ended. `factorsRemoved`: second factors and passkeys of a stranger, too. */
  | { kind: 'password_reset'; userId: number; factorsRemoved: boolean }
  /** By whoever operates the service. All sessions have ended. `factorsRemoved`: second factors and passkeys went, too. */
  | { kind: 'password_replaced'; userId: number; factorsRemoved: boolean }
  | { kind: 'username_changed'; userId: number }
  /** The account moved to another address. The one that it left has been told by a letter of its own. */
  | { kind: 'email_changed'; userId: number }
  /** The account is back at an address that it had left; its password is gone, all sessions have ended. */
  | { kind: 'email_reverted'; userId: number }
  /** Of second factors: what became of them, or that one meant for emergencies was used. */
  | { kind: 'mfa_changed'; userId: number; change: MfaChange }
  /** A login on a device that the account was not used on before, and not its first one. */
  | { kind: 'new_device'; userId: number; sessionId: string; deviceId: string }
  /** The owner said that a login was not theirs: all sessions have ended, and the password is gone. */
  | { kind: 'login_disowned'; userId: number }
  /** Somebody fails to log in; for so long devices that are not known are refused, right password or not. */
  | { kind: 'lockout'; userId: number; seconds: number }
  /** The same of a name that is nobody's, as a keyed hash: or what a lock costs would tell who has an account. */
  | { kind: 'lockout'; userId: null; name: string; seconds: number }
  /** Somebody got past the first factor of a login and guesses codes; for so long they are not looked at. */
  | { kind: 'second_factor_lockout'; userId: number; seconds: number; firstFactor: FirstFactorKind }
  /** Somebody who is logged in fails to prove that they are the owner; for so long that session is refused. */
  | { kind: 'proof_lockout'; userId: number; seconds: number }
  /** From now on it logs in to the account, without a second factor. */
  | { kind: 'passkey_registered'; userId: number }
  | { kind: 'passkey_removed'; userId: number }
  /** From now on a login at a provider opens the account. */
  | { kind: 'identity_linked'; userId: number; provider: string }
  | { kind: 'identity_unlinked'; userId: number; provider: string }
  /** Two seem to have its key: its counter went back. That login was refused. Once a day at most. */
  | { kind: 'passkey_clone_suspected'; userId: number };

type Listener = (notice: SecurityNotice, manager: EntityManager) => Promise<void>;

/** Lets a higher module tell people what happened to their accounts, inside the transaction in which it happens. */
@Injectable()
export class SecurityNotices {
  private readonly listeners: Listener[] = [];

  /** To be called from constructors. */
  on(listener: Listener): void {
    this.listeners.push(listener);
  }

  /** @throws what a listener throws, which undoes the transaction */
  async announce(notice: SecurityNotice, manager: EntityManager): Promise<void> {
    for (const listener of this.listeners) await listener(notice, manager);
  }
}
