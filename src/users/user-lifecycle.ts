import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';

interface LifecycleHooks {
  /** The account was disabled, or an admin or its owner ended everything: no session of it may go on. */
  sessionsMustEnd: (manager: EntityManager, userId: number) => Promise<void>;
  /**
   * The owner has taken the account back from somebody who logged in to it at `since`: what was set up after that and
   * lets in by itself may be theirs, and what the owner sets a new password with has to be sent to them.
   */
  accountTakenBack: (manager: EntityManager, account: { userId: number; since: Date }) => Promise<void>;
  /** The password or the address has changed: no code that was mailed before opens anything. */
  codesMustEnd: (manager: EntityManager, userId: number) => Promise<void>;
  /** A change of address was asked for: its code is to be mailed there. */
  emailToConfirm: (manager: EntityManager, account: { id: number; email: string }) => Promise<void>;
  /** An account has taken an address that may be kept for somebody else. @throws UserExistsError */
  addressTaken: (manager: EntityManager, account: { id: number; emailNormalized: string }) => Promise<void>;
  /** Whether an account that was never verified is anybody's. It is locked: nothing can be added meanwhile. */
  isInUse: (manager: EntityManager, account: { id: number; voterKey: string }) => Promise<boolean>;
  /** The account has become an active admin's, or is one no longer: what it handed out as one must not hold after it. */
  adminChanged: (manager: EntityManager, userId: number) => Promise<void>;
  /** Whoever logs in by username needs another one from now on, or the e-mail address. */
  usernameChanged: (manager: EntityManager, userId: number) => Promise<void>;
  /** The account's row is about to go. */
  accountDeleted: (manager: EntityManager, userId: number) => Promise<void>;
  /** The account is gone for good: its transaction has been committed. Cannot fail the request any more. */
  accountGone: (userId: number) => Promise<void>;
  /** Two addresses turned out to be one person: what `from` did counts as done by `into`. */
  voterKeysMerged: (manager: EntityManager, from: string, into: string) => Promise<void>;
}

/** Lets higher modules take part in what happens to an account, inside the same transaction. */
@Injectable()
export class UserLifecycle {
  private readonly hooks: { [E in keyof LifecycleHooks]: LifecycleHooks[E][] } = {
    sessionsMustEnd: [],
    accountTakenBack: [],
    usernameChanged: [],
    codesMustEnd: [],
    emailToConfirm: [],
    addressTaken: [],
    isInUse: [],
    adminChanged: [],
    accountDeleted: [],
    accountGone: [],
    voterKeysMerged: [],
  };

  on<E extends keyof LifecycleHooks>(event: E, hook: LifecycleHooks[E]): void {
    this.hooks[event].push(hook);
  }

  async sessionsMustEnd(manager: EntityManager, userId: number): Promise<void> {
    for (const hook of this.hooks.sessionsMustEnd) await hook(manager, userId);
  }

  async accountTakenBack(manager: EntityManager, account: { userId: number; since: Date }): Promise<void> {
    for (const hook of this.hooks.accountTakenBack) await hook(manager, account);
  }

  async codesMustEnd(manager: EntityManager, userId: number): Promise<void> {
    for (const hook of this.hooks.codesMustEnd) await hook(manager, userId);
  }

  async emailToConfirm(manager: EntityManager, account: { id: number; email: string }): Promise<void> {
    for (const hook of this.hooks.emailToConfirm) await hook(manager, account);
  }

  async addressTaken(
    manager: EntityManager,
    account: { id: number; emailNormalized: string },
  ): Promise<void> {
    for (const hook of this.hooks.addressTaken) await hook(manager, account);
  }

  async isInUse(manager: EntityManager, account: { id: number; voterKey: string }): Promise<boolean> {
    for (const hook of this.hooks.isInUse) if (await hook(manager, account)) return true;
    return false;
  }

  async adminChanged(manager: EntityManager, userId: number): Promise<void> {
    for (const hook of this.hooks.adminChanged) await hook(manager, userId);
  }

  async usernameChanged(manager: EntityManager, userId: number): Promise<void> {
    for (const hook of this.hooks.usernameChanged) await hook(manager, userId);
  }

  async accountDeleted(manager: EntityManager, userId: number): Promise<void> {
    for (const hook of this.hooks.accountDeleted) await hook(manager, userId);
  }

  async accountGone(userId: number): Promise<void> {
    for (const hook of this.hooks.accountGone) await hook(userId);
  }

  async voterKeysMerged(manager: EntityManager, from: string, into: string): Promise<void> {
    for (const hook of this.hooks.voterKeysMerged) await hook(manager, from, into);
  }
}
