import { ApiProperty } from '@nestjs/swagger';
import { IsIn, IsOptional, ValidateIf } from 'class-validator';
import { IsText } from '../common/http/text.decorator.js';
import { IsEmailAddress, IsPersonName, IsUsername } from '../users/account-fields.decorator.js';

/** Longer than any password that can be set, so that a wrong one is wrong, not invalid. */
const MAX_PASSWORD_INPUT = 1024;

const IsPassword = () => IsText({ max: MAX_PASSWORD_INPUT });

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
  @IsPassword()
  password!: string;

  @IsOptional()
  @IsUsername({ nullable: true })
  username?: string | null;
}

/** JSON with `email` or `username`, or the OAuth2 password form, whose `username` may hold an e-mail address. */
export class LoginRequest {
  @ValidateIf((_, value) => value !== undefined)
  @IsEmailAddress()
  email?: string;

  @ValidateIf((login: LoginRequest) => login.email === undefined)
  @IsText({ max: 254 })
  @ApiProperty({ required: false, description: 'A username or an e-mail address.' })
  username?: string;

  @IsPassword()
  password!: string;

  /** OAuth2 form: `password`. */
  @IsOptional()
  @IsIn(['password', ''])
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

export class ChangePasswordRequest {
  @IsPassword()
  current_password!: string;

  /** @example "seven lanterns over a quiet harbour" */
  @IsPassword()
  new_password!: string;
}

export class LoginResponse {
  access_token!: string;
  @ApiProperty({ enum: ['bearer'] })
  token_type!: 'bearer';
  /** Seconds until the access token expires. */
  expires_in!: number;
  refresh_token!: string;
  /** For clients of the first API. */
  @ApiProperty({ enum: ['Bearer'] })
  authentication_type!: 'Bearer';
  /** Equals `access_token`, for clients of the first API. */
  token!: string;
}
