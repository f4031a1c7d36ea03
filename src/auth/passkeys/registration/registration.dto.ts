import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { ArrayMaxSize, IsArray, IsInt, IsObject, IsOptional, Matches, ValidateNested } from 'class-validator';
import { IfGiven } from '../../../common/http/if-given.decorator.js';
import { IsBase64Url } from '../base64url.decorator.js';
import { CredentialBody, MAX_CLIENT_DATA_CHARACTERS } from '../credential.dto.js';
import { EXAMPLE_ASSERTION, EXAMPLE_REGISTRATION } from '../example-passkey.js';
import { IsPasskeyName } from '../passkeys.dto.js';

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
export class RegisteredCredential extends CredentialBody {
  @IsObject()
  @ValidateNested()
  @Type(() => AttestationResponse)
  response!: AttestationResponse;
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
