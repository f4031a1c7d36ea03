import { ApiProperty } from '@nestjs/swagger';
import { ValidateIf } from 'class-validator';
import { IfGiven } from '../../common/http/if-given.decorator.js';
import { IsText } from '../../common/http/text.decorator.js';
import { InsteadOf } from '../instead-of.decorator.js';
import type { TotpSetup } from './totp/enrol-totp.service.js';
import type { WaitingLogin } from './pending/waiting-login.js';
import { SECOND_FACTOR_METHODS, type SecondFactorMethod } from './second-factor.service.js';

/** Longer than any code or token, so that a wrong one is wrong, not invalid. */
const MAX_CODE_INPUT = 100;
const MAX_TOKEN_INPUT = 2048;
const MAX_PASSWORD_INPUT = 1024;

const MFA_TOKEN = 'Wk3tR8vQ1nXz5cYb7LmD2sGfH9jKpA4uE6oTiB0xNqM';
const BACKUP_CODE = 'k3vq-7xmd-a2pw-ynht-5rcz-be6j';

/** A login that waits for its second factor. */
export class MfaRequiredResponse {
  @ApiProperty({ enum: [true] })
  mfa_required!: true;
  /**
   * To be sent with the second factor, within five minutes; it opens nothing else.
   * @example "Wk3tR8vQ1nXz5cYb7LmD2sGfH9jKpA4uE6oTiB0xNqM"
   */
  mfa_token!: string;
  /** By what the login can be completed. */
  @ApiProperty({ enum: SECOND_FACTOR_METHODS, isArray: true, example: ['totp', 'backup_code'] })
  methods!: SecondFactorMethod[];
}

export class CompleteLoginRequest {
  /** What the password was answered with. */
  @IsText({ max: MAX_TOKEN_INPUT })
  @ApiProperty({ example: MFA_TOKEN })
  mfa_token!: string;

  /** The six digits that the authenticator app shows. */
  @IfGiven()
  @IsText({ max: MAX_CODE_INPUT })
  @ApiProperty({ required: false, example: '081804' })
  code?: string;

  @ValidateIf(
    ({ code, backup_code: backupCode }: CompleteLoginRequest) =>
      code === undefined || backupCode !== undefined,
  )
  @InsteadOf('code')
  @IsText({ max: MAX_CODE_INPUT })
  @ApiProperty({
    required: false,
    description: 'One of the codes that were shown when the app was set up, instead of `code`.',
    example: BACKUP_CODE,
  })
  backup_code?: string;
}

export class TotpCodeRequest {
  /**
   * The six digits that the authenticator app shows.
   * @example "081804"
   */
  @IsText({ max: MAX_CODE_INPUT })
  code!: string;
}

export class ProofRequest {
  @IfGiven()
  @IsText({ max: MAX_PASSWORD_INPUT })
  @ApiProperty({ required: false, example: 'a curious otter sings at dawn' })
  password?: string;

  @ValidateIf(({ password, code }: ProofRequest) => password === undefined || code !== undefined)
  @InsteadOf('password')
  @IsText({ max: MAX_CODE_INPUT })
  @ApiProperty({
    required: false,
    description: 'The six digits that the authenticator app shows, instead of `password`.',
    example: '081804',
  })
  code?: string;
}

export class TotpSetupResponse {
  /**
   * In base32, for typing it into an app.
   * @example "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
   */
  secret!: string;
  /** @example "otpauth://totp/MC101:ada%40example.com?issuer=MC101&secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&algorithm=SHA1&digits=6&period=30" */
  otpauth_url!: string;
  /**
   * The same as a QR code, an SVG picture.
   * @example "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 490 490\"></svg>"
   */
  qr_svg!: string;
}

export class BackupCodesResponse {
  /** Each for one login without the app. Shown here and never again. */
  @ApiProperty({ type: [String], example: [BACKUP_CODE] })
  backup_codes!: string[];
}

export function toTotpSetupResponse({ base32, url, svg }: TotpSetup): TotpSetupResponse {
  return { secret: base32, otpauth_url: url, qr_svg: svg };
}

export function toMfaRequiredResponse({ mfaToken, methods }: WaitingLogin): MfaRequiredResponse {
  return { mfa_required: true, mfa_token: mfaToken, methods: [...methods] };
}
