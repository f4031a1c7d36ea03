import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { UnauthenticatedError } from '../common/errors/common.errors.js';
import { bearerTokenIn } from '../common/http/bearer-token.js';
import { IS_PUBLIC } from '../common/http/public.decorator.js';
import { SessionsRepository } from './sessions/sessions.repository.js';
import { AccessTokensService } from './tokens/access-tokens.service.js';

/** Default deny: every route that does not say @Public() needs an access token whose session and user are alive now. */
@Injectable()
export class AuthenticationGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly accessTokens: AccessTokensService,
    private readonly sessions: SessionsRepository,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (
      this.reflector.getAllAndOverride<boolean | undefined>(IS_PUBLIC, [
        context.getHandler(),
        context.getClass(),
      ])
    )
      return true;
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const token = bearerTokenIn(request.headers.authorization);
    if (token === undefined) throw new UnauthenticatedError();
    const claims = this.accessTokens.verify(token);
    const principal = claims && (await this.sessions.findPrincipal(claims.sessionId, claims.userId));
    if (!principal)
      throw new UnauthenticatedError('The access token is not valid or its session has ended; log in again.');
    request.principal = principal;
    return true;
  }
}
