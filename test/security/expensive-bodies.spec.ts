import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Actor } from '../support/api-client.js';
import { startTestServer, type TestServer } from '../support/test-server.js';

let server: TestServer;
let alice: Actor;
beforeAll(async () => {
  server = await startTestServer();
  alice = await server.signUp();
});
afterAll(() => server.close());

const JSON_BODY = { 'content-type': 'application/json' };

/** Bodies within the limits of size, each of which once kept the process busy for seconds or minutes. */
const EXPENSIVE: [string, string][] = [
  ['650,000 unknown fields', `{${Array.from({ length: 650_000 }, (_, n) => `"${n}":0`).join(',')}}`],
  ['a field of 2,000,000 objects', `{"a":[${'{},'.repeat(1_999_999)}{}]}`],
  ['a field of 2,000,000 arrays', `{"a":[${'[],'.repeat(1_999_999)}[]]}`],
  ['2,000,000 tags', `{"title":"t","content":"c","tags":[${'1,'.repeat(1_999_999)}1]}`],
  ['a million nested arrays', `{"a":${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}}`],
  ['a string that never ends', `{"title":"${'\\"'.repeat(1_000_000)}`],
];

describe('a body that is expensive to validate is refused before it is validated', () => {
  it.each(EXPENSIVE)('%s', async (_, rawBody) => {
    const answer = await server.as(alice).post('/users/notes', undefined, { headers: JSON_BODY, rawBody });
    expect(answer.status).toBe(400);
    expect(answer.body.error.code).toBe('MALFORMED_JSON');
    // Nothing of the body stands in the answer.
    expect(JSON.stringify(answer.body).length).toBeLessThan(500);
  });

  it('a form of many fields', async () => {
    const rawBody = Array.from({ length: 5_000 }, (_, n) => `f${n}=1`).join('&');
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    expect((await server.api.post('/users/login', undefined, { headers, rawBody })).status).toBe(400);
  });

  it('a query of many parameters', async () => {
    const query = Array.from({ length: 3_000 }, (_, n) => n.toString(36)).join('&');
    const answer = await server.as(alice).get(`/users/notes?${query}`);
    expect(answer.body.error.code).toBe('MALFORMED_REQUEST');
  });
});

describe('a body in a coding that is not ours is a 415', () => {
  it.each([
    ['compressed', { ...JSON_BODY, 'content-encoding': 'gzip' }],
    ['in UTF-16', { 'content-type': 'application/json; charset=utf-16' }],
  ])('%s', async (_, headers) => {
    const answer = await server.api.post('/users/login', undefined, { headers, rawBody: '{}' });
    expect(answer.body.error.code).toBe('UNSUPPORTED_MEDIA_TYPE');
  });

  it('and UTF-8 said aloud is no other coding', async () => {
    const headers = { 'content-type': 'application/json; charset="UTF-8"' };
    const answer = await server.api.post('/users/login', undefined, { headers, rawBody: '{}' });
    expect(answer.body.error.code).toBe('VALIDATION_ERROR');
  });
});

describe('headers of static files that cannot be met', () => {
  it.each([
    ['a range past the end', { range: 'bytes=99999999-' }, 416],
    ['a precondition that fails', { 'if-match': '"x"' }, 412],
  ])('%s is the caller’s fault', async (_, headers, status) => {
    const answer = await server.api.get('/mc101docs/swagger-ui.css', { headers });
    expect(answer.status).toBe(status);
    expect(answer.body.error.request_id).toEqual(expect.any(String));
  });
});
