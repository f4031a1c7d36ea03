import { ApiProperty } from '@nestjs/swagger';
import { ROLES, type Role } from '../../common/http/principal.js';
import type { User } from '../user.entity.js';

export class ExportedAccountResponse {
  /** @example 42 */
  id!: number;
  /** @example "Ada Lovelace" */
  name!: string;
  /** @example "ada@example.com" */
  email!: string;
  @ApiProperty({ type: String, nullable: true, example: 'ada' })
  username!: string | null;
  @ApiProperty({ enum: ROLES, example: 'user' })
  role!: Role;
  /** @example true */
  is_active!: boolean;
  @ApiProperty({ type: Date, nullable: true, example: null })
  email_verified_at!: Date | null;
  /** Where the account moves once a code is confirmed. */
  @ApiProperty({ type: String, nullable: true, example: null })
  pending_email!: string | null;
  /** @example "2026-01-05T09:30:00.000Z" */
  created_at!: Date;
  /** @example "2026-01-05T09:30:00.000Z" */
  updated_at!: Date;
}

const listOf = (example: Record<string, unknown>) => ({
  type: 'array' as const,
  items: { type: 'object' as const, additionalProperties: true },
  example: [example],
});

/** Everything that the service keeps of an account. Hashes, keys and codes are not in it, and no ballot: those name nobody. */
export class AccountExportResponse {
  /** @example "mc101/account-export/v1" */
  format!: string;
  /** @example "2026-01-05T09:30:00.000Z" */
  exported_at!: Date;
  account!: ExportedAccountResponse;
  @ApiProperty(
    listOf({ id: 4711, at: '2026-01-05T09:30:00.000Z', event_type: 'authn_login_success', by: 'me' }),
  )
  security_events!: object[];
  @ApiProperty(
    listOf({ id: '0b8e2c3e-6f0a-4c1b-9a3e-2d1f5b7a9c10', ip: '203.0.113.7', device: 'Firefox 145 on Linux' }),
  )
  sessions!: object[];
  /** Devices on which I logged in, and which no failed login of others locks out. */
  @ApiProperty(listOf({ id: '5c0f3c1d-2f0b-4d8e-9a55-7a1f1c0b2e34', created_at: '2026-01-05T09:30:00.000Z' }))
  known_devices!: object[];
  /** Addresses that this account was moved away from, and until when the mail sent there leads back. */
  @ApiProperty(listOf({ id: 3, email: 'ada@former.example.com', expires_at: '2026-01-12T09:30:00.000Z' }))
  former_addresses!: object[];
  /** What my logins need besides the password, and since when. */
  @ApiProperty(listOf({ method: 'totp', since: '2026-01-05T09:30:00.000Z', backup_codes_left: 10 }))
  second_factors!: object[];
  /** What there is to know of my passkeys; their keys are with my authenticators. */
  @ApiProperty(listOf({ id: 7, name: 'Laptop', created_at: '2026-01-05T09:30:00.000Z' }))
  passkeys!: object[];
  /** Logins at providers that open my account. */
  @ApiProperty(
    listOf({ id: 3, provider: 'google', email: 'ada@example.com', subject: '110169484474386276334' }),
  )
  identities!: object[];
  /** Invitations that I made, and the one that I came with. */
  @ApiProperty(listOf({ id: 7, relation: 'made', email: 'grace@example.com', state: 'open' }))
  invitations!: object[];
  /**
   * Notes with their content. That of a personal note stays sealed, with all that opening it takes besides its
   * password: `sealed`, in base64, as src/crypto/README.md describes it.
   */
  @ApiProperty(listOf({ id: 7, title: 'Packing list', tags: ['travel'], content: 'Passport, tickets.' }))
  notes!: object[];
  /** Elections that I voted in. Not how: no ballot says whose it is; and not when, which nobody writes down. */
  @ApiProperty(listOf({ election_id: 1, title: 'Default election' }))
  participations!: object[];
}

export function toExportedAccount(user: User): ExportedAccountResponse {
  return {
    id: user.id,
    name: user.name,
    email: user.email,
    username: user.username,
    role: user.role,
    is_active: user.isActive,
    email_verified_at: user.emailVerifiedAt,
    pending_email: user.pendingEmail,
    created_at: user.createdAt,
    updated_at: user.updatedAt,
  };
}
