import { ApiProperty } from '@nestjs/swagger';
import { Matches } from 'class-validator';
import { IfGiven } from '../../../common/http/if-given.decorator.js';
import { IsText } from '../../../common/http/text.decorator.js';

export const EXAMPLE_CODE = {
  code: 'mTq0fRb1N3yXcZ8uJ5kLwVhPaE2sGdO7iQ9tKxBnC4M',
  code_verifier: 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk',
};

export class CodeWithVerifierRequest {
  /** That the browser came back with. */
  @IsText({ max: 200 })
  @ApiProperty({ example: EXAMPLE_CODE.code })
  code!: string;

  /** Whose S256 was the `code_challenge` of the start (RFC 7636). */
  @Matches(/^[A-Za-z0-9._~-]{43,128}$/, {
    message: 'must have 43 to 128 letters, digits, dots, dashes, underscores or tildes',
  })
  @ApiProperty({ example: EXAMPLE_CODE.code_verifier })
  code_verifier!: string;
}

export class ExchangeRequest extends CodeWithVerifierRequest {
  /** What the link of an invitation carries; for a first login where registration is not open. */
  @IfGiven()
  @IsText({ max: 200 })
  @ApiProperty({ required: false, example: 'mTq0fRb1N3yXcZ8uJ5kLwVhPaE2sGdO7iQ9tKxBnC4M' })
  invitation?: string;
}
