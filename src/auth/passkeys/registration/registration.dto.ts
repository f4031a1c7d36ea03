import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  Equals,
  IsArray,
  IsInt,
  IsObject,
  IsOptional,
  Matches,
  ValidateNested,
} from 'class-validator';
import { IfGiven } from '../../../common/http/if-given.decorator.js';
import { IsBase64Url } from '../base64url.decorator.js';
import { EXAMPLE_ASSERTION, EXAMPLE_CREDENTIAL_ID, EXAMPLE_REGISTRATION } from '../example-passkey.js';
import { IsPasskeyName } from '../passkeys.dto.js';

/** 1023 bytes, the longest id that there is. */
export const MAX_ID_CHARACTERS = 1364;
export const MAX_CLIENT_DATA_CHARACTERS = 8_192;
const MAX_ATTESTATION_CHARACTERS = 16_384;
const MAX_TRANSPORTS = 10;

/** `AuthenticatorAttestationResponseJSON` of Web Authentication, 5.1.8. */
export class AttestationResponse {
  @IsBase64Url({ max: MAX_CLIENT_DATA_CHARACTERS, example: EXAMPLE_REGISTRATION.clientDataJSON })
  clientDataJSON!: string;

  @IsBase64Url({ max: MAX_ATTESTATION_CHARACTERS, example: EXAMPLE_REGISTRATION.attestationObject })
  attestationObject!: string;

  @IfGiven()
  @IsArray()
  @ArrayMaxSize(MAX_TRANSPORTS)
  @Matches(/^[a-z-]{1,32}$/, { each: true, message: 'must be names of transports' })
  @ApiProperty({ type: [String], example: ['internal', 'hybrid'] })
  transports?: string[];

  /** Accepted and ignored, like the next two: what they say stands in `attestationObject`. */
  @IfGiven()
  @IsBase64Url({ max: MAX_ATTESTATION_CHARACTERS, example: EXAMPLE_ASSERTION.authenticatorData })
  authenticatorData?: string;

  @IfGiven()
  @IsInt()
  @ApiProperty({ type: 'integer', example: -7 })
  publicKeyAlgorithm?: number;

  @IsOptional()
  @IsBase64Url({ max: MAX_ATTESTATION_CHARACTERS })
  @ApiProperty({ type: String, nullable: true, example: null })
  publicKey?: string | null;
}

/** What `toJSON()` of a new credential says (`RegistrationResponseJSON`). */
export class RegisteredCredential {
  @IsBase64Url({ max: MAX_ID_CHARACTERS, example: EXAMPLE_CREDENTIAL_ID })
  id!: string;

  @IsBase64Url({ max: MAX_ID_CHARACTERS, example: EXAMPLE_CREDENTIAL_ID })
  rawId!: string;

  @Equals('public-key')
  @ApiProperty({ enum: ['public-key'] })
  type!: 'public-key';

  @IsObject()
  @ValidateNested()
  @Type(() => AttestationResponse)
  response!: AttestationResponse;

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

export class VerifyRegistrationRequest {
  @IsObject()
  @ValidateNested()
  @Type(() => RegisteredCredential)
  credential!: RegisteredCredential;

  /**
   * What to call it.
   * @example "Laptop"
   */
  @IfGiven()
  @IsPasskeyName()
  name?: string;
}
