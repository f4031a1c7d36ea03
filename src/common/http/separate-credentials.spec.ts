import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { fastify, type FastifyInstance } from 'fastify';
import { separateCredentials } from './separate-credentials.js';

const SENT = { cookie: '__Host-refresh=x', authorization: 'Bearer x' };

describe('what a route gets to see of who asks', () => {
  let server: FastifyInstance;
  /** What stood in the headers of the last request, for a hook as early as may be and for the handler. */
  let seen: string[][];

  beforeAll(async () => {
    server = fastify({ routerOptions: { ignoreTrailingSlash: true } });
    separateCredentials(server);
    const look = ({ headers }: { headers: object }) =>
      Object.keys(headers).filter((name) => Object.hasOwn(SENT, name));
    server.addHook('onRequest', (request, _reply, done) => {
      seen = [look(request), look(request.raw)];
      done();
    });
    for (const path of [
      '/auth/web/refresh',
      '/auth/oauth/:provider/callback',
      '/v1/auth/oauth/:provider/start',
      '/auth/oauth/:provider/link',
      '/v1/auth/web/refresh',
      '/auth/refresh',
      '/v1/users/info',
      '/:any/web/:thing',
    ])
      server.post(path, (request) => {
        seen.push(look(request));
        return {};
      });
    await server.ready();
  });
  afterAll(() => server.close());

  const post = async (url: string) => {
    await server.inject({ method: 'POST', url, headers: SENT });
    return new Set(seen.flat());
  };

  it.each([
    '/auth/web/refresh',
    '/v1/auth/web/refresh',
    '/auth/web/refresh/',
    '/auth/%77eb/refresh',
    '/auth/web/refresh?x=/users',
    '/auth/oauth/google/callback?code=x',
    '/v1/auth/oauth/google/start',
  ])('is cookies alone at a route of browsers: %s', async (url) => {
    expect(await post(url)).toEqual(new Set(['cookie']));
  });

  it.each([
    '/auth/refresh',
    '/v1/users/info',
    '/auth/refresh?/auth/web/refresh',
    '/auth/refresh;/auth/web/refresh',
    '/users/web/refresh',
    '/nowhere',
    '/auth/web/../refresh',
    '/auth/oauth/google/link',
    '/auth/oauth/google/callback/more',
  ])('is the Authorization header alone everywhere else: %s', async (url) => {
    expect(await post(url)).toEqual(new Set(['authorization']));
  });
});
