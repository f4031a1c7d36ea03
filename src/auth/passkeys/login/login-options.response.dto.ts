import { ApiProperty } from '@nestjs/swagger';
import { EXAMPLE_CHALLENGE } from '../example-passkey.js';
import {
  CredentialDescriptorResponse,
  EXAMPLE_DESCRIPTOR,
} from '../registration/registration-options.response.dto.js';

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
  @ApiProperty({ example: [EXAMPLE_DESCRIPTOR] })
  allowCredentials!: CredentialDescriptorResponse[];
  @ApiProperty({ enum: ['required'] })
  userVerification!: 'required';
}
