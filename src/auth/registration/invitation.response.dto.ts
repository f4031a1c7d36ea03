import { ApiProperty } from '@nestjs/swagger';
import { ROLES, type Role } from '../../common/http/principal.js';
import { INVITATION_STATES, type InvitationRow, type InvitationState } from './invitations.repository.js';

/** An invitation as admins see it afterwards: without what its link carried. */
export class InvitationResponse {
  /** @example 7 */
  id!: number;
  @ApiProperty({ type: String, nullable: true, example: 'grace@example.com' })
  email!: string | null;
  @ApiProperty({ enum: ROLES, example: 'user' })
  role!: Role;
  /** `revoked` is also one whose maker is no admin any more. */
  @ApiProperty({ enum: INVITATION_STATES, example: 'open' })
  state!: InvitationState;
  /**
   * The id of the admin who made it.
   * @example 1
   */
  created_by!: number;
  /** @example "2026-01-05T09:30:00.000Z" */
  created_at!: Date;
  /** @example "2026-01-12T09:30:00.000Z" */
  expires_at!: Date;
  @ApiProperty({ type: Date, nullable: true, example: null })
  used_at!: Date | null;
  /** The id of the account that came of it. */
  @ApiProperty({ type: Number, nullable: true, example: null })
  used_by!: number | null;
}

/** The only answer that ever holds what an invitation is used with. */
export class CreatedInvitationResponse {
  /** @example 7 */
  id!: number;
  /**
   * To be handed to the invited person. What stands behind the # is sent to no server by opening it.
   * @example "https://mc101.example/app/register#invitation=mTq0fRb1N3yXcZ8uJ5kLwVhPaE2sGdO7iQ9tKxBnC4M"
   */
  link!: string;
  /**
   * The `invitation` of POST /users/register, as the link carries it.
   * @example "mTq0fRb1N3yXcZ8uJ5kLwVhPaE2sGdO7iQ9tKxBnC4M"
   */
  invitation!: string;
  @ApiProperty({ type: String, nullable: true, example: 'grace@example.com' })
  email!: string | null;
  @ApiProperty({ enum: ROLES, example: 'user' })
  role!: Role;
  /** @example "2026-01-12T09:30:00.000Z" */
  expires_at!: Date;
}

/** A page of invitations. */
export class InvitationPage {
  items!: InvitationResponse[];
  @ApiProperty({ type: String, nullable: true, example: 'Wzdd' })
  next_cursor!: string | null;
}

export function toInvitationResponse(row: InvitationRow): InvitationResponse {
  return {
    id: row.id,
    email: row.email,
    role: row.role,
    state: row.state,
    created_by: row.createdBy,
    created_at: row.createdAt,
    expires_at: row.expiresAt,
    used_at: row.usedAt,
    used_by: row.usedBy,
  };
}

export function toCreatedInvitationResponse(
  { id, email, role, expiresAt }: InvitationRow,
  invitation: string,
  link: string,
): CreatedInvitationResponse {
  return { id, link, invitation, email, role, expires_at: expiresAt };
}

/** An invitation in an export. Who made mine, and who came with one of mine, is somebody else's. */
export interface ExportedInvitation {
  id: number;
  relation: 'made' | 'used';
  email: string | null;
  role: Role;
  state: InvitationState;
  created_at: Date;
  expires_at: Date;
  used_at: Date | null;
}

export function toExportedInvitation(row: InvitationRow, userId: number): ExportedInvitation {
  return {
    id: row.id,
    relation: row.usedBy === userId ? 'used' : 'made',
    email: row.email,
    role: row.role,
    state: row.state,
    created_at: row.createdAt,
    expires_at: row.expiresAt,
    used_at: row.usedAt,
  };
}
