import { ApiProperty } from '@nestjs/swagger';
import { EXAMPLE_CHALLENGE, EXAMPLE_CREDENTIAL_ID } from '../example-passkey.js';

/** A passkey that may answer. How its authenticator is reached is left out: it would tell real ones from made-up ones. */
export class AllowedCredentialResponse {
  /** @example "Oh6I-AYNue4KNcurpZiVqyRD2fs9An7KsKOLFr635gc" */
  id!: string;
  @ApiProperty({ enum: ['public-key'] })
  type!: 'public-key';
}

/** For `PublicKeyCredential.parseRequestOptionsFromJSON` and then `navigator.credentials.get`. */
export class LoginOptionsResponse {
  @ApiProperty({ example: EXAMPLE_CHALLENGE })
  challenge!: string;
  /** @example "mc101.example" */
  rpId!: string;
  /**
   * In milliseconds.
   * @example 300000
   */
  timeout!: number;
  /**
   * Which passkeys may answer; none: whichever the browser finds. For a name that has no passkeys here, or no account,
   * ids that nobody has.
   */
  @ApiProperty({
    type: [AllowedCredentialResponse],
    example: [{ id: EXAMPLE_CREDENTIAL_ID, type: 'public-key' }],
  })
  allowCredentials!: AllowedCredentialResponse[];
  @ApiProperty({ enum: ['required'] })
  userVerification!: 'required';
}
