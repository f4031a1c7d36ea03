import { ApiProperty, PickType } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsObject, IsOptional, ValidateNested } from 'class-validator';
import { IfGiven } from '../../../common/http/if-given.decorator.js';
import { IsText } from '../../../common/http/text.decorator.js';
import { LoginRequest } from '../../auth.dto.js';
import { InsteadOf } from '../../instead-of.decorator.js';
import { IsBase64Url } from '../base64url.decorator.js';
import { CredentialBody, MAX_CLIENT_DATA_CHARACTERS } from '../credential.dto.js';
import { EXAMPLE_ASSERTION, EXAMPLE_CHALLENGE } from '../example-passkey.js';

const MAX_AUTHENTICATOR_DATA_CHARACTERS = 8_192;
const MAX_SIGNATURE_CHARACTERS = 4_096;
/** 64 bytes, the longest handle that there is. */
const MAX_HANDLE_CHARACTERS = 86;

/** Neither of them: whichever passkey the browser finds. */
export class PasskeyLoginOptionsRequest extends PickType(LoginRequest, ['email']) {
  @IfGiven()
  @InsteadOf('email')
  @IsText({ max: 254 })
  @ApiProperty({ description: 'A username or an e-mail address, instead of `email`.', example: 'ada' })
  username?: string;
}

/** `AuthenticatorAssertionResponseJSON` of Web Authentication, 5.1.8. */
export class AssertionResponse {
  @IsBase64Url({ max: MAX_CLIENT_DATA_CHARACTERS, example: EXAMPLE_ASSERTION.clientDataJSON })
  clientDataJSON!: string;

  @IsBase64Url({ max: MAX_AUTHENTICATOR_DATA_CHARACTERS, example: EXAMPLE_ASSERTION.authenticatorData })
  authenticatorData!: string;

  @IsBase64Url({ max: MAX_SIGNATURE_CHARACTERS, example: EXAMPLE_ASSERTION.signature })
  signature!: string;

  /** Whose passkey it is; a login without a name needs it. */
  @IsOptional()
  @IsBase64Url({ max: MAX_HANDLE_CHARACTERS })
  @ApiProperty({ type: String, nullable: true, example: EXAMPLE_CHALLENGE })
  userHandle?: string | null;
}

/** What `toJSON()` of a used credential says (`AuthenticationResponseJSON`). */
export class UsedCredential extends CredentialBody {
  @IsObject()
  @ValidateNested()
  @Type(() => AssertionResponse)
  response!: AssertionResponse;
}

export class PasskeyLoginRequest {
  @IsObject()
  @ValidateNested()
  @Type(() => UsedCredential)
  credential!: UsedCredential;
}
