import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { AuditService } from '../../audit/audit.service.js';
import { UnauthenticatedError } from '../../common/errors/common.errors.js';
import { isConstantTimeEqual } from '../../crypto/constant-time-equal.js';
import { browserCookiesOf, CSRF_COOKIE, REFRESH_COOKIE } from './browser-cookies.js';
import { parseRefreshCookie, type BrowserSession } from './browser-session.js';
import { CsrfTokensService } from './csrf-tokens.service.js';
import { CsrfTokenError } from './web.errors.js';

/**
 * Lets in who brings the cookie of a session and, as a header, the CSRF token that belongs to it. Asks no database: that
 * the session lives and the refresh token is its own, is found out when the token is used.
 */
@Injectable()
export class BrowserSessionGuard implements CanActivate {
  constructor(
    private readonly csrfTokens: CsrfTokensService,
    private readonly audit: AuditService,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const cookies = browserCookiesOf(context);
    const session = parseRefreshCookie(cookies.read(REFRESH_COOKIE));
    if (!session) {
      cookies.clear(REFRESH_COOKIE);
      cookies.clear(CSRF_COOKIE);
      throw new UnauthenticatedError('Nobody is logged in here; log in.');
    }
    const sent = request.headers['x-csrf-token'];
    const kept = cookies.read(CSRF_COOKIE);
    const isDoubled = typeof sent === 'string' && kept !== undefined && isSameText(sent, kept);
    if (!isDoubled || !this.csrfTokens.fits(sent, session.sessionId)) {
      // Not naming the session: nobody has proven that it is theirs.
      await this.audit.recordRefusal({ reason: 'csrf-token' });
      throw new CsrfTokenError();
    }
    request.browserSession = { ...session, csrfToken: sent } satisfies BrowserSession;
    return true;
  }
}

function isSameText(a: string, b: string): boolean {
  return isConstantTimeEqual(Buffer.from(a), Buffer.from(b));
}
