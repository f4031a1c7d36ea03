import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { UnauthenticatedError } from '../../common/errors/common.errors.js';

/** What the cookies of a request say of its session. */
export interface BrowserSession {
  sessionId: string;
  refreshToken: string;
  csrfToken: string;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by the guard of the routes that need one. */
    browserSession?: BrowserSession;
  }
}

/** The session's id stands before the token, so that a CSRF token is checked without asking the database. */
const REFRESH_COOKIE_VALUE = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.([A-Za-z0-9_-]{43})$/;

export function formatRefreshCookie(sessionId: string, refreshToken: string): string {
  return `${sessionId}.${refreshToken}`;
}

/** @returns undefined for anything that formatRefreshCookie did not write. */
export function parseRefreshCookie(value: string | undefined): Omit<BrowserSession, 'csrfToken'> | undefined {
  const [, sessionId, refreshToken] = REFRESH_COOKIE_VALUE.exec(value ?? '') ?? [];
  return sessionId === undefined || refreshToken === undefined ? undefined : { sessionId, refreshToken };
}

/** Hands a handler what BrowserSessionGuard has found. */
export const CurrentBrowserSession = createParamDecorator(
  (_: unknown, context: ExecutionContext): BrowserSession => {
    const { browserSession } = context.switchToHttp().getRequest<FastifyRequest>();
    if (!browserSession) throw new UnauthenticatedError();
    return browserSession;
  },
);
