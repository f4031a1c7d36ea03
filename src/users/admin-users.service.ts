import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { AuditService } from '../audit/audit.service.js';
import { decodeIdCursor, pageOf } from '../common/http/cursor.js';
import type { Role } from '../common/http/principal.js';
import type { ListUsersQuery, UpdateUserRequest } from './admin-users.dto.js';
import type { User } from './user.entity.js';
import { UserLifecycle } from './user-lifecycle.js';
import { UserNotFoundError } from './users.errors.js';
import { UsersRepository } from './users.repository.js';
import { UsersService } from './users.service.js';
import { toUserResponse, type UserPage, type UserResponse } from './user.response.dto.js';

/** What admins may see and change of accounts. Never a password, never a note. */
@Injectable()
export class AdminUsersService {
  constructor(
    private readonly repository: UsersRepository,
    private readonly users: UsersService,
    private readonly lifecycle: UserLifecycle,
    private readonly audit: AuditService,
  ) {}

  async list({ limit, cursor, q, role, is_active: isActive }: ListUsersQuery): Promise<UserPage> {
    const found = await this.repository.listNewestFirst(
      { q, role, isActive },
      decodeIdCursor(cursor),
      limit + 1,
    );
    const { items, next_cursor } = pageOf(found, limit, ({ id }) => [id]);
    return { items: items.map(toUserResponse), next_cursor };
  }

  /** @throws UserNotFoundError */
  async get(id: number): Promise<UserResponse> {
    const user = await this.repository.findById(id);
    if (!user) throw new UserNotFoundError();
    return toUserResponse(user);
  }

  /**
   * Changes role or activity. A disabled account's sessions end in the same transaction.
   * @throws UserNotFoundError
   * @throws LastAdminError when no active admin would remain
   */
  async update(id: number, { role, is_active: isActive }: UpdateUserRequest): Promise<UserResponse> {
    await this.repository.transaction(async (manager) => {
      if (role === 'user' || isActive === false) await this.users.requireAnotherAdmin(manager, id);
      const before = await this.repository.lockById(manager, id);
      if (!before) throw new UserNotFoundError();
      await this.users.changeAccess(manager, before, {
        ...(role === undefined ? {} : { role }),
        ...(isActive === undefined ? {} : { isActive }),
      });
      if (isActive === false) await this.lifecycle.sessionsMustEnd(manager, id);
      await this.recordChanges(manager, before, { role, isActive });
    });
    return this.get(id);
  }

  /** Ends every session of an account. @throws UserNotFoundError */
  async logOutEverywhere(id: number): Promise<void> {
    await this.repository.transaction(async (manager) => {
      if (!(await this.repository.lockById(manager, id))) throw new UserNotFoundError();
      await this.lifecycle.sessionsMustEnd(manager, id);
    });
  }

  /** What stayed as it was is no event. */
  private async recordChanges(
    manager: EntityManager,
    { id, role: before, isActive: wasActive }: User,
    { role, isActive }: { role: Role | undefined; isActive: boolean | undefined },
  ): Promise<void> {
    if (role !== undefined && role !== before)
      await this.audit.record(
        'privilege_permissions_changed',
        { subjectId: id, details: { from: before, role } },
        manager,
      );
    if (isActive !== undefined && isActive !== wasActive)
      await this.audit.record(isActive ? 'user_enabled' : 'user_disabled', { subjectId: id }, manager);
  }
}
