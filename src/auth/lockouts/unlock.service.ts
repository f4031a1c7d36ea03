import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { AuditService } from '../../audit/audit.service.js';
import { UserNotFoundError } from '../../users/users.errors.js';
import { LockoutKeysService } from './lockout-keys.js';
import { LockoutsRepository } from './lockouts.repository.js';

/** Ends lockouts before their time. */
@Injectable()
export class UnlockService {
  constructor(
    private readonly repository: LockoutsRepository,
    private readonly keys: LockoutKeysService,
    private readonly audit: AuditService,
  ) {}

  /**
   * Forgets every failure and lock of an account: under each of its names, of its devices and sessions, and of the
   * addresses that are kept from it. Locks of an address itself stay: they are not the account's.
   * @param manager of the transaction that earns it, as a reset of the password does
   * @throws UserNotFoundError
   */
  async clearLocks(userId: number, manager: EntityManager): Promise<void> {
    const names = await this.repository.namesOf(manager, userId);
    if (!names) throw new UserNotFoundError();
    const keys = await this.keys.get();
    await this.repository.clear(manager, [
      keys.user(userId),
      keys.email(names.email),
      ...(names.username === null ? [] : [keys.username(names.username)]),
    ]);
  }

  /** What an admin does for somebody who is locked out. @throws UserNotFoundError */
  async unlock(userId: number): Promise<void> {
    await this.keys.get();
    await this.repository.transaction(async (manager) => {
      await this.clearLocks(userId, manager);
      await this.audit.record('authn_login_unlock', { subjectId: userId }, manager);
    });
  }
}
