import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { bearerTokenIn } from '../../common/http/bearer-token.js';
import { AccessTokensService, type AccessTokenClaims } from './access-tokens.service.js';

/** What a request's access token claims, found out once a request, however many ask. */
@Injectable()
export class RequestTokens {
  private readonly known = new WeakMap<FastifyRequest, AccessTokenClaims | null>();

  constructor(private readonly accessTokens: AccessTokensService) {}

  /** @returns undefined where there is no token, or none of ours that is in force; whether its session lives is open */
  claimsOf(request: FastifyRequest): AccessTokenClaims | undefined {
    const known = this.known.get(request);
    if (known !== undefined) return known ?? undefined;
    const token = bearerTokenIn(request.headers.authorization);
    const claims = token === undefined ? undefined : this.accessTokens.verify(token);
    this.known.set(request, claims ?? null);
    return claims;
  }
}
