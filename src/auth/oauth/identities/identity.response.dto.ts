import { ApiProperty } from '@nestjs/swagger';
import type { IdentityRow } from './identities.repository.js';

/** A login at a provider as its owner sees it. */
export class IdentityResponse {
  /** @example 3 */
  id!: number;
  /** @example "google" */
  provider!: string;
  /** @example "https://accounts.google.com" */
  issuer!: string;
  /** As the provider told it when it was linked. */
  @ApiProperty({ type: String, nullable: true, format: 'email', example: 'ada@example.com' })
  email!: string | null;
  /** @example "2026-01-05T09:30:00.000Z" */
  created_at!: Date;
  @ApiProperty({ type: Date, nullable: true, example: '2026-01-05T11:45:00.000Z' })
  last_login_at!: Date | null;
}

/** All of them: an account has few. */
export class IdentityList {
  items!: IdentityResponse[];
}

export function toIdentityResponse(identity: IdentityRow): IdentityResponse {
  return {
    id: identity.id,
    provider: identity.provider,
    issuer: identity.issuer,
    email: identity.email,
    created_at: identity.createdAt,
    last_login_at: identity.lastLoginAt,
  };
}
