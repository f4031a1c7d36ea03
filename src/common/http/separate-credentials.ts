import type { FastifyInstance } from 'fastify';

/** The routes for browsers, which know a session, or one on its way to a provider, by its cookie. */
const COOKIE_ROUTE = /^(?:\/v1)?\/auth\/(?:web\/|oauth\/:provider\/(?:start|callback)$)/;

/**
 * A route reads cookies or the Authorization header, never both: what a browser adds by itself to any request must not
 * open what a program asks for by name. So the one that a route may not read is gone before anything could read it.
 */
export function separateCredentials(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', ({ raw, routeOptions }, _reply, done) => {
    if (COOKIE_ROUTE.test(routeOptions.url ?? '')) delete raw.headers.authorization;
    else delete raw.headers.cookie;
    done();
  });
}
