import { ApiProperty } from '@nestjs/swagger';
import { EXAMPLE_CHALLENGE, EXAMPLE_CREDENTIAL_ID } from '../example-passkey.js';

/** A passkey that there is. */
export class CredentialDescriptorResponse {
  /** @example "Oh6I-AYNue4KNcurpZiVqyRD2fs9An7KsKOLFr635gc" */
  id!: string;
  @ApiProperty({ enum: ['public-key'] })
  type!: 'public-key';
  @ApiProperty({ type: [String], example: ['internal', 'hybrid'] })
  transports!: string[];
}

const EXAMPLE_DESCRIPTOR = {
  id: EXAMPLE_CREDENTIAL_ID,
  type: 'public-key',
  transports: ['internal', 'hybrid'],
};

/** For `PublicKeyCredential.parseCreationOptionsFromJSON` and then `navigator.credentials.create`. */
export class RegistrationOptionsResponse {
  /** This service. */
  @ApiProperty({
    type: 'object',
    properties: { id: { type: 'string' }, name: { type: 'string' } },
    example: { id: 'mc101.example', name: 'MC101' },
  })
  rp!: { id?: string; name: string };
  /** The account; `id` is the same for all its passkeys and tells nothing. */
  @ApiProperty({
    type: 'object',
    properties: { id: { type: 'string' }, name: { type: 'string' }, displayName: { type: 'string' } },
    example: { id: EXAMPLE_CHALLENGE, name: 'ada', displayName: 'Ada Lovelace' },
  })
  user!: { id: string; name: string; displayName: string };
  @ApiProperty({ example: EXAMPLE_CHALLENGE })
  challenge!: string;
  /** Algorithms that are taken, by their COSE numbers, the most welcome first. */
  @ApiProperty({
    type: 'array',
    items: { type: 'object', properties: { type: { type: 'string' }, alg: { type: 'integer' } } },
    example: [{ type: 'public-key', alg: -8 }],
  })
  pubKeyCredParams!: { type: 'public-key'; alg: number }[];
  /**
   * In milliseconds.
   * @example 300000
   */
  timeout!: number;
  /** Passkeys that the account has: an authenticator with one of them makes no second one. */
  @ApiProperty({ type: [CredentialDescriptorResponse], example: [EXAMPLE_DESCRIPTOR] })
  excludeCredentials!: CredentialDescriptorResponse[];
  @ApiProperty({
    type: 'object',
    properties: {
      residentKey: { type: 'string' },
      requireResidentKey: { type: 'boolean' },
      userVerification: { type: 'string' },
    },
    example: { residentKey: 'preferred', requireResidentKey: false, userVerification: 'required' },
  })
  authenticatorSelection!: object;
  @ApiProperty({ enum: ['none'] })
  attestation!: 'none';
  @ApiProperty({ type: 'object', additionalProperties: true, example: { credProps: true } })
  extensions!: object;
  /** Which kind of authenticator is meant: any. */
  @ApiProperty({ type: [String], example: [] })
  hints!: string[];
}
