import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { UnauthenticatedError } from '../common/errors/common.errors.js';
import { bearerTokenIn } from '../common/http/bearer-token.js';
import { requestContext } from '../common/logging/request-context.js';
import { IS_PUBLIC } from '../common/http/public.decorator.js';
import { SessionActivity } from './sessions/session-activity.service.js';
import { SessionsRepository } from './sessions/sessions.repository.js';
import { ApiLimit } from './throttling/api-limit.js';
import { RequestTokens } from './tokens/request-tokens.js';

/** Default deny: every route that does not say @Public() needs an access token whose session and user are alive now. */
@Injectable()
export class AuthenticationGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly tokens: RequestTokens,
    private readonly sessions: SessionsRepository,
    private readonly apiLimit: ApiLimit,
    private readonly activity: SessionActivity,
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
    if (bearerTokenIn(request.headers.authorization) === undefined) throw new UnauthenticatedError();
    const claims = this.tokens.claimsOf(request);
    const principal = claims && (await this.sessions.findPrincipal(claims.sessionId, claims.userId));
    if (!principal) {
      await this.apiLimit.disown(request);
      throw new UnauthenticatedError('The access token is not valid or its session has ended; log in again.');
    }
    this.apiLimit.confirm(request, principal.session.id);
    request.principal = principal;
    this.activity.note(principal.session.id);
    const served = requestContext.getStore();
    if (served) Object.assign(served, { userId: principal.userId, sessionId: principal.session.id });
    return true;
  }
}
