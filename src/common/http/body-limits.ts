import type { FastifyInstance, FastifyRequest } from 'fastify';
import { UnauthenticatedError } from '../errors/common.errors.js';
import { bearerTokenIn } from './bearer-token.js';

const KIB = 1024;

/** What every route reads. */
export const BODY_LIMIT = 64 * KIB;

/** A note of 1 MiB whose every byte is escaped as \u00xx, and room for the rest. */
const NOTE_BODY_LIMIT = 7 * KIB * KIB;
const NOTE_ROUTE = /^(?:\/v1)?\/users\/notes(?:\/|$)/;

/** Raises the limit for the routes that take notes. To be called before any route is known. */
export function raiseBodyLimits(fastify: FastifyInstance): void {
  fastify.addHook('onRoute', (route) => {
    if (NOTE_ROUTE.test(route.url)) route.bodyLimit = NOTE_BODY_LIMIT;
  });
}

/**
 * Bodies are read before guards run. So that nobody makes the service read and parse megabytes without an account,
 * one past the common limit needs a token of ours; whether its session still lives is the guard's to ask.
 */
export function requireTokenForLargeBodies(
  fastify: FastifyInstance,
  isOurs: (token: string) => boolean,
): void {
  fastify.addHook('onRequest', (request, _reply, done) => {
    if (!mayBeLarge(request)) {
      done();
      return;
    }
    const token = bearerTokenIn(request.headers.authorization);
    done(token !== undefined && isOurs(token) ? undefined : new UnauthenticatedError());
  });
}

function mayBeLarge({ headers, routeOptions }: FastifyRequest): boolean {
  if (routeOptions.bodyLimit <= BODY_LIMIT) return false;
  // Without a length the body comes in chunks, as many as the sender likes.
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > BODY_LIMIT;
}
