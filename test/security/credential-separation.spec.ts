import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestServer, type TestServer } from '../support/test-server.js';
import type { Actor } from '../support/api-client.js';
import { WebClient } from '../support/web-client.js';
import { rawRequest, sendRaw } from '../support/raw-http.js';
import { operationsOf, type OpenApiDocument, type Operation } from '../support/operations.js';

let server: TestServer;
let alice: Actor;
let page: WebClient;
let operations: Operation[];

beforeAll(async () => {
  server = await startTestServer();
  alice = await server.signUp();
  page = new WebClient(server.url, server.config.publicUrl);
  await page.logIn(alice);
  operations = operationsOf((await server.api.get('/mc101docs-json')).body as OpenApiDocument);
});
afterAll(() => server.close());

const pathOf = ({ path }: Operation) => path.replaceAll(/\{\w+\}/g, '1');
const isForBrowsers = ({ path }: Operation) => path.startsWith('/auth/web/');

/** All that a browser of somebody who is logged in would send along. */
const browserHeaders = () => ({
  ...page.headers,
  cookie: [
    page.headers['cookie'],
    ...['access_token', 'token', 'session', 'Authorization'].map((name) => `${name}=${alice.token}`),
  ].join('; '),
});

describe('cookies', () => {
  it('open no route that needs a bearer token', async () => {
    const guarded = operations.filter(({ isPublic, takesCookies }) => !isPublic && !takesCookies);
    expect(guarded.length).toBeGreaterThan(20);
    for (const operation of guarded) {
      for (const target of [pathOf(operation), `/v1${pathOf(operation)}`]) {
        const body = operation.bodyFields && operation.sampleBody;
        const { status } = await server.api.request(operation.method, target, body, {
          headers: browserHeaders(),
        });
        expect({ key: operation.key, target, status }).toEqual({ key: operation.key, target, status: 401 });
      }
    }
  });

  it('do not stand in for a bearer token by another spelling of a cookie route', async () => {
    const { cookie } = browserHeaders();
    for (const target of [
      '/auth/web/../../users/info',
      '/auth/web/%2e%2e/%2e%2e/users/info',
      '/auth/web/..%2f..%2fusers/info',
      '/auth/web//users/info',
      '/v1/auth/web/../../../users/info',
      '/users/info?/auth/web/',
      '/users/info;/auth/web/',
      'http://localhost/users/info?x=/auth/web/refresh',
    ]) {
      const request = rawRequest(`GET ${target} HTTP/1.1`, ['Host: localhost', `Cookie: ${cookie}`]);
      const answer = await sendRaw(server.url, request);
      expect({ target, refused: [400, 401, 404].includes(answer?.status ?? 0) }).toEqual({
        target,
        refused: true,
      });
    }
  });

  it('change nothing where a bearer token is: who asks is who the token names', async () => {
    const bob = await server.signUp();
    const { body } = await server.as(bob).get('/users/info', { headers: browserHeaders() });
    expect(body).toMatchObject({ user_id: bob.id });
    const garbage = { cookie: `${'a=b; '.repeat(1_000)}__Host-refresh=\xff` };
    expect((await server.as(bob).get('/users/info', { headers: garbage })).status).toBe(200);
  });
});

describe('a bearer token', () => {
  it('opens no route of browsers that needs a cookie', async () => {
    const routes = operations.filter(({ takesCookies }) => takesCookies);
    expect(routes.map(({ key }) => key)).toEqual(
      expect.arrayContaining(['POST /auth/web/refresh', 'POST /auth/web/logout']),
    );
    const headers = { ...browserHeaders(), cookie: '' };
    for (const operation of routes) {
      for (const token of [alice.token, page.cookies.get('__Host-refresh')!]) {
        const answer = await server
          .as({ token })
          .request(operation.method, pathOf(operation), undefined, { headers });
        expect({ key: operation.key, code: answer.body.error.code }).toEqual({
          key: operation.key,
          code: 'UNAUTHENTICATED',
        });
      }
    }
    expect((await server.as(alice).get('/users/info')).status).toBe(200);
  });

  it('is passed over where cookies are, right or wrong', async () => {
    for (const authorization of [`Bearer ${alice.token}`, 'Bearer nonsense', 'Basic YTpi', '\xff']) {
      expect((await page.refresh({ authorization })).status).toBe(200);
    }
    const bob = await server.signUp();
    const answer = await page.clone().logIn(bob, { authorization: `Bearer ${alice.token}` });
    const { body } = await server.as({ token: answer.body.access_token }).get('/users/info');
    expect(body).toMatchObject({ user_id: bob.id });
  });
});

describe('every route of browsers', () => {
  it('refuses other pages, and is answered to POST alone', async () => {
    const routes = operations.filter(isForBrowsers);
    expect(routes.length).toBeGreaterThan(2);
    for (const operation of routes) {
      expect(operation.method).toBe('POST');
      const headers = { ...browserHeaders(), origin: 'https://evil.example' };
      const answer = await server.api.request('POST', pathOf(operation), operation.sampleBody, { headers });
      expect({ key: operation.key, code: answer.body.error.code }).toEqual({
        key: operation.key,
        code: 'CSRF_FAILED',
      });
      for (const method of ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE']) {
        const other = await server.api.request(method, pathOf(operation), undefined, {
          headers: browserHeaders(),
        });
        expect({ key: operation.key, method, status: other.status }).toEqual({
          key: operation.key,
          method,
          status: 404,
        });
      }
    }
  });
});
