import { applyDecorators } from '@nestjs/common';
import { ApiProperty, OmitType } from '@nestjs/swagger';
import { IsIn, IsOptional, ValidateIf } from 'class-validator';
import { IfGiven } from '../common/http/if-given.decorator.js';
import { IsText } from '../common/http/text.decorator.js';
import { IsEmailAddress, IsPersonName, IsUsername } from '../users/account-fields.decorator.js';
import { InsteadOf } from './instead-of.decorator.js';
import { toMfaRequiredResponse, type MfaRequiredResponse } from './mfa/mfa.dto.js';
import { MfaRequiredError } from './mfa/mfa.errors.js';
import { isWaiting, type WaitingLogin } from './mfa/pending/waiting-login.js';
import { PASSWORD_MAX_LENGTH, PASSWORD_MIN_LENGTH } from './passwords/password-length.js';
import type { LogIn, SessionTokens } from './sessions/session-tokens.js';

/** Longer than any password that can be set, so that a wrong one is wrong, not invalid. */
const MAX_PASSWORD_INPUT = 1024;

/** A password that is tried. */
const IsPassword = () => IsText({ max: MAX_PASSWORD_INPUT });

/** A password that is set. Its length is checked with its strength, by PasswordPolicy. */
export const IsNewPassword = () =>
  applyDecorators(
    IsPassword(),
    ApiProperty({ minLength: PASSWORD_MIN_LENGTH, maxLength: PASSWORD_MAX_LENGTH }),
  );

export class RegisterRequest {
  /** @example "Ada Lovelace" */
  @IsPersonName()
  name!: string;

  @IsEmailAddress()
  email!: string;

  /**
   * 8 to 128 characters, hard to guess.
   * @example "a curious otter sings at dawn"
   */
  @IsNewPassword()
  password!: string;

  @IsOptional()
  @IsUsername({ nullable: true })
  username?: string | null;

  /** What the link of an invitation carries. */
  @IfGiven()
  @IsText({ max: 200 })
  @ApiProperty({ example: 'mTq0fRb1N3yXcZ8uJ5kLwVhPaE2sGdO7iQ9tKxBnC4M' })
  invitation?: string;
}

/** JSON with `email` or `username`, or the OAuth2 password form, whose `username` may hold an e-mail address. */
export class LoginRequest {
  @IfGiven()
  @IsEmailAddress()
  email?: string;

  @ValidateIf(({ email, username }: LoginRequest) => email === undefined || username !== undefined)
  @InsteadOf('email')
  @IsText({ max: 254 })
  @ApiProperty({
    required: false,
    description: 'A username or an e-mail address, instead of `email`.',
    example: 'ada',
  })
  username?: string;

  /** @example "a curious otter sings at dawn" */
  @IsPassword()
  password!: string;

  /** OAuth2 form: `password`. */
  @IsOptional()
  @IsIn(['password', ''], { message: 'must be "password"' })
  @ApiProperty({ required: false, enum: ['password'] })
  grant_type?: string;

  /** OAuth2 form: accepted and ignored. */
  @IsOptional()
  @IsText({ min: 0, max: 1000 })
  scope?: string;

  /** OAuth2 form: accepted and ignored. */
  @IsOptional()
  @IsText({ min: 0, max: 1000 })
  client_id?: string;

  /** OAuth2 form: accepted and ignored. */
  @IsOptional()
  @IsText({ min: 0, max: 1000 })
  client_secret?: string;
}

/** The OAuth2 password form (RFC 6749 section 4.3.2). */
export class LoginForm extends OmitType(LoginRequest, ['email']) {
  @ApiProperty({ required: true, description: 'A username or an e-mail address.', example: 'ada' })
  override username!: string;
}

export class ChangePasswordRequest {
  /** @example "a curious otter sings at dawn" */
  @IsPassword()
  current_password!: string;

  /**
   * 8 to 128 characters, hard to guess.
   * @example "seven lanterns over a quiet harbour"
   */
  @IsNewPassword()
  new_password!: string;
}

export class TokensResponse {
  /**
   * A JWT, to be sent as `Authorization: Bearer <token>`.
   * @example "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI0MiJ9.c2lnbmF0dXJl"
   */
  access_token!: string;
  @ApiProperty({ enum: ['bearer'] })
  token_type!: 'bearer';
  /**
   * Seconds until the access token expires.
   * @example 900
   */
  expires_in!: number;
  /** @example "mTq0fRb1N3yXcZ8uJ5kLwVhPaE2sGdO7iQ9tKxBnC4M" */
  refresh_token!: string;
  /** For clients of the first API. */
  @ApiProperty({ enum: ['Bearer'] })
  authentication_type!: 'Bearer';
  /**
   * Equals `access_token`, for clients of the first API.
   * @example "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI0MiJ9.c2lnbmF0dXJl"
   */
  token!: string;
}

export class LoginResponse extends TokensResponse {
  /**
   * Proves this device to the lockout, and nothing else: to be kept for good, and sent as `X-Device-Token` with each
   * login, so that nobody who fails elsewhere can lock it out.
   * @example "cP0vN8yQx2LkRz6sWtB1mJ4hG7dF9aE3uI5oTqXnVbY"
   */
  device_token!: string;
}

export function toTokensResponse(tokens: SessionTokens): TokensResponse {
  return {
    access_token: tokens.accessToken,
    token_type: 'bearer',
    expires_in: tokens.expiresInSeconds,
    refresh_token: tokens.refreshToken,
    authentication_type: 'Bearer',
    token: tokens.accessToken,
  };
}

export function toLoginResponse(login: LogIn): LoginResponse {
  return Object.assign(toTokensResponse(login), { device_token: login.deviceToken });
}

/**
 * What a right password is answered with.
 * @param isForm for clients of the OAuth2 form, who take any 200 for tokens
 * @throws MfaRequiredError for such a client, where a second factor is to come
 */
export function toLoginAnswer(
  login: LogIn | WaitingLogin,
  isForm: boolean,
): LoginResponse | MfaRequiredResponse {
  if (!isWaiting(login)) return toLoginResponse(login);
  if (isForm) throw new MfaRequiredError(login.mfaToken, login.methods);
  return toMfaRequiredResponse(login);
}
