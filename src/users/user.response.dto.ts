import type { Principal, Role } from '../common/http/principal.js';
import { ROLES } from '../common/http/principal.js';
import { ApiProperty } from '@nestjs/swagger';
import type { User } from './user.entity.js';

/** An account as its owner and admins see it. */
export class UserResponse {
  /** @example 42 */
  id!: number;
  /** @example "Ada Lovelace" */
  name!: string;
  /** @example "ada@example.com" */
  email!: string;
  @ApiProperty({ type: String, nullable: true, example: 'ada' })
  username!: string | null;
  /** @example true */
  is_active!: boolean;
  /** @example false */
  email_verified!: boolean;
  /** The address that the account moves to once the code that was mailed there is confirmed. */
  @ApiProperty({ type: String, nullable: true, example: null })
  pending_email!: string | null;
  @ApiProperty({ enum: ROLES, example: 'user' })
  role!: Role;
  /** @example "2026-01-05T09:30:00.000Z" */
  created_at!: Date;
}

export class SessionInfo {
  /** @example "0b8e2c3e-6f0a-4c1b-9a3e-2d1f5b7a9c10" */
  id!: string;
  /** @example "2026-01-19T09:30:00.000Z" */
  expires_at!: Date;
}

/** The caller's own account and session. */
export class UserInfoResponse extends UserResponse {
  /**
   * Equals `id`; clients of the first API read this one.
   * @example 42
   */
  user_id!: number;
  session!: SessionInfo;
}

/** A page of accounts. */
export class UserPage {
  items!: UserResponse[];
  @ApiProperty({ type: String, nullable: true, example: 'WzQyXQ' })
  next_cursor!: string | null;
}

export function toUserResponse(user: User): UserResponse {
  return {
    id: user.id,
    name: user.name,
    email: user.email,
    username: user.username,
    is_active: user.isActive,
    email_verified: user.emailVerifiedAt !== null,
    pending_email: user.pendingEmail,
    role: user.role,
    created_at: user.createdAt,
  };
}

export function toUserInfoResponse(principal: Principal): UserInfoResponse {
  return {
    user_id: principal.userId,
    id: principal.userId,
    name: principal.name,
    email: principal.email,
    username: principal.username,
    is_active: principal.isActive,
    email_verified: principal.emailVerified,
    pending_email: principal.pendingEmail,
    role: principal.role,
    created_at: principal.createdAt,
    session: { id: principal.session.id, expires_at: principal.session.expiresAt },
  };
}
