import { ApiProperty } from '@nestjs/swagger';
import { Equals, IsObject, IsOptional, Matches } from 'class-validator';
import { IfGiven } from '../../common/http/if-given.decorator.js';
import { IsBase64Url } from './base64url.decorator.js';
import { EXAMPLE_CREDENTIAL_ID } from './example-passkey.js';

/** 1023 bytes, the longest id that there is. */
const MAX_ID_CHARACTERS = 1364;
export const MAX_CLIENT_DATA_CHARACTERS = 8_192;

/** What `toJSON()` of a credential says, whether it is new or was used (Web Authentication, 5.1). */
export abstract class CredentialBody {
  @IsBase64Url({ max: MAX_ID_CHARACTERS, example: EXAMPLE_CREDENTIAL_ID })
  id!: string;

  @IsBase64Url({ max: MAX_ID_CHARACTERS, example: EXAMPLE_CREDENTIAL_ID })
  rawId!: string;

  @Equals('public-key')
  @ApiProperty({ enum: ['public-key'] })
  type!: 'public-key';

  /** Accepted and ignored. */
  @IsOptional()
  @Matches(/^[a-z-]{1,32}$/, { message: 'must be platform or cross-platform' })
  @ApiProperty({ type: String, nullable: true, example: 'platform' })
  authenticatorAttachment?: string | null;

  /** Accepted and ignored. */
  @IfGiven()
  @IsObject()
  @ApiProperty({ type: 'object', additionalProperties: true, example: {} })
  clientExtensionResults?: Record<string, unknown>;
}
