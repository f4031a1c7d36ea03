import { ApiProperty } from '@nestjs/swagger';
import type { PasskeyRow } from './passkeys.repository.js';

/** A passkey as its owner sees it. */
export class PasskeyResponse {
  /** @example 7 */
  id!: number;
  /** @example "Laptop" */
  name!: string;
  /** How the browser said that the authenticator is reached. */
  @ApiProperty({ type: [String], example: ['internal', 'hybrid'] })
  transports!: string[];
  /**
   * Whether its key may be copied to other devices of mine, as by a password manager.
   * @example true
   */
  backup_eligible!: boolean;
  /**
   * Whether it was, when it was last used.
   * @example true
   */
  backed_up!: boolean;
  /**
   * The model of the authenticator; zeros where it does not say.
   * @example "00000000-0000-0000-0000-000000000000"
   */
  aaguid!: string;
  /** @example "2026-01-05T09:30:00.000Z" */
  created_at!: Date;
  @ApiProperty({ type: Date, nullable: true, example: '2026-01-05T11:45:00.000Z' })
  last_used_at!: Date | null;
  /** When its counter last went back, so that somebody else may have its key. Such a login is refused. */
  @ApiProperty({ type: Date, nullable: true, example: null })
  clone_suspected_at!: Date | null;
}

/** A page of passkeys. */
export class PasskeyPage {
  items!: PasskeyResponse[];
  @ApiProperty({ type: String, nullable: true, example: 'Wzdd' })
  next_cursor!: string | null;
}

export function toPasskeyResponse(passkey: PasskeyRow): PasskeyResponse {
  return {
    id: passkey.id,
    name: passkey.name,
    transports: passkey.transports,
    backup_eligible: passkey.isBackupEligible,
    backed_up: passkey.isBackedUp,
    aaguid: passkey.aaguid,
    created_at: passkey.createdAt,
    last_used_at: passkey.lastUsedAt,
    clone_suspected_at: passkey.cloneSuspectedAt,
  };
}
