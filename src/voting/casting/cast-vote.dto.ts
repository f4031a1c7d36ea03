import { ApiProperty } from '@nestjs/swagger';
import { IsInt, Matches, Max, Min } from 'class-validator';
import { IfGiven } from '../../common/http/if-given.decorator.js';

/** 32 bytes in base64url without padding: the last of 43 characters carries 4 bits, so 16 letters can stand there. */
const NONCE = /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/;

/** A plurality ballot. */
export class CastVoteRequest {
  /** The election is the candidate's. */
  @IsInt({ message: 'must be a whole number' })
  @Min(1)
  @Max(Number.MAX_SAFE_INTEGER)
  @ApiProperty({ type: 'integer', minimum: 1, example: 1 })
  candidate_id!: number;

  /** Where given, the candidate must stand in this election. */
  @IfGiven()
  @IsInt({ message: 'must be a whole number' })
  @Min(1)
  @Max(Number.MAX_SAFE_INTEGER)
  @ApiProperty({ type: 'integer', minimum: 1, required: false, example: 1 })
  election_id?: number;

  /** 32 random bytes in base64url, for a receipt that the service cannot have prepared. Left out, the service draws them. */
  @IfGiven()
  @Matches(NONCE, { message: 'must be 32 bytes in base64url without padding' })
  @ApiProperty({
    required: false,
    pattern: NONCE.source,
    example: 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8',
  })
  nonce?: string;
}

/** The choice that a plurality ballot makes. */
export class PluralityBallotResponse {
  /** @example 1 */
  candidate_id!: number;
}

/** What proves later that the ballot is in the log. Whoever sees it knows how its owner voted. */
export class ReceiptResponse {
  /** @example 1 */
  election_id!: number;
  /**
   * SHA-256 of the ballot's leaf, in lower-case hex.
   * @example "fb128246ab4deb8339c6d45c5bccf52caa2395caed43254ea4e9b8b156058d03"
   */
  leaf_hash!: string;
  /** @example "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8" */
  nonce!: string;
  ballot!: PluralityBallotResponse;
  @ApiProperty({ enum: ['pending', 'logged'] })
  state!: 'pending' | 'logged';
}

/** A vote that was cast and counts. */
export class CastVoteResponse {
  /** Of the ballot; random. */
  @ApiProperty({ format: 'uuid', example: '2c5ea4c0-4067-4d1c-a8f5-3a2b1d0e9f87' })
  id!: string;
  /** @example 1 */
  election_id!: number;
  /** @example 1 */
  candidate_id!: number;
  /**
   * When this was answered; it is not stored.
   * @example "2026-01-05T09:30:00.000Z"
   */
  created_at!: Date;
  receipt!: ReceiptResponse;
}
