import type { FastifyInstance, FastifyRequest } from 'fastify';
import { PayloadTooLargeError, UnauthenticatedError } from '../errors/common.errors.js';

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

/** What is read of a body that is refused for its size, so that its sender comes to read the refusal. */
const DISCARD_LIMIT = 16 * KIB * KIB;

/**
 * Refuses a body that announces more than its route reads. Closing the connection under a client that is still sending
 * would be all that most of them ever see, so the body is read and thrown away first, up to a bound.
 */
export function refuseTooLargeBodies(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', (request, _reply, done) => {
    const length = Number(request.headers['content-length'] ?? 0);
    if (length <= request.routeOptions.bodyLimit) {
      done();
      return;
    }
    const refuse = () => {
      done(new PayloadTooLargeError('The body is larger than this route accepts.'));
    };
    if (length > DISCARD_LIMIT) refuse();
    else request.raw.once('end', refuse).resume();
  });
}

/**
 * Bodies are read before guards run. So that nobody makes the service read and parse megabytes without an account,
 * one past the common limit needs a token of ours; whether its session still lives is the guard's to ask.
 */
export function requireTokenForLargeBodies(
  fastify: FastifyInstance,
  hasToken: (request: FastifyRequest) => boolean,
): void {
  fastify.addHook('onRequest', (request, _reply, done) => {
    if (!mayBeLarge(request)) {
      done();
      return;
    }
    done(hasToken(request) ? undefined : new UnauthenticatedError());
  });
}

function mayBeLarge({ headers, routeOptions }: FastifyRequest): boolean {
  if (routeOptions.bodyLimit <= BODY_LIMIT) return false;
  // Without a length the body comes in chunks, as many as the sender likes.
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > BODY_LIMIT;
}
