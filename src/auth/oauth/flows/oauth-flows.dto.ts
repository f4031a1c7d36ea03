import { ApiProperty } from '@nestjs/swagger';
import { IsIn, Matches } from 'class-validator';
import { IfGiven } from '../../../common/http/if-given.decorator.js';
import { IsText } from '../../../common/http/text.decorator.js';
import { PROMPTS, type Prompt } from '../providers/identity-provider.js';
import type { OAuthPurpose } from './oauth-flow.entity.js';

const MAX_URI = 2000;
const EXAMPLE_CHALLENGE = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';

/** Of a code verifier of the client (RFC 7636, S256). */
const IsCodeChallenge = () =>
  Matches(/^[A-Za-z0-9_-]{43}$/, { message: 'must be the base64url of a SHA-256, without padding' });

export class LinkRequest {
  /** Where the browser comes back to: one of OAUTH_ALLOWED_REDIRECT_URIS, to the letter. */
  @IsText({ max: MAX_URI })
  @ApiProperty({ example: 'https://vote.example.com/signed-in' })
  redirect_uri!: string;

  /** S256 of a verifier that the client keeps. */
  @IsCodeChallenge()
  @ApiProperty({ example: EXAMPLE_CHALLENGE })
  code_challenge!: string;
}

export class StartQuery extends LinkRequest {
  /** Only S256. */
  @IfGiven()
  @IsIn(['S256'], { message: 'must be S256' })
  @ApiProperty({ enum: ['S256'], example: 'S256' })
  code_challenge_method?: string;

  /** What the code will be good for: logging in, or linking with the account that one is logged in to. */
  @IfGiven()
  @IsIn(['login', 'link'], { message: 'must be login or link' })
  @ApiProperty({ enum: ['login', 'link'], default: 'login', example: 'login' })
  purpose?: OAuthPurpose;

  /** What the provider is to ask even whom it knows: to log in once more, or with which account. */
  @IfGiven()
  @IsIn(PROMPTS, { message: `must be ${PROMPTS.join(' or ')}` })
  @ApiProperty({ enum: PROMPTS, example: 'login' })
  prompt?: Prompt;
}

export class LinkResponse {
  /** @example "https://mc101.example.com/auth/oauth/google/start?purpose=link&redirect_uri=https%3A%2F%2Fvote.example.com%2Fsigned-in&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM" */
  authorization_url!: string;
}

export class OAuthProviderResponse {
  /**
   * As it stands in paths.
   * @example "google"
   */
  name!: string;
  /**
   * As people read it.
   * @example "Google"
   */
  title!: string;
}

export class OAuthProviderList {
  items!: OAuthProviderResponse[];
}
