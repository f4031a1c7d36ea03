import { expect } from '@jest/globals';
import { securityHeadersFor, type HeaderTable } from '../../src/common/http/security-headers.js';
import type { SiteAnswer } from './https-client.js';

/** What the app sends over TLS. */
export const API_HEADERS = securityHeadersFor('api', true);
export const DOCS_HEADERS = securityHeadersFor('docs', true);

/** Each of these stands on the answer once, and no header at all stands there twice. */
export function expectEachOnce({ headerLines }: SiteAnswer, table: HeaderTable): void {
  const names = headerLines.map(([name]) => name.toLowerCase());
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  const sent = Object.fromEntries(headerLines.map(([name, value]) => [name.toLowerCase(), value]));
  expect(sent).toMatchObject(table);
}

/** An error in the one shape, made by whomever, that quotes the request id of its header. */
export function expectError(answer: SiteAnswer, status: number, code: string): void {
  expect(answer).toMatchObject({ status, body: { error: { code } } });
  expect(answer.body).toEqual({
    error: {
      code,
      message: expect.stringMatching(/^[A-Z].*\.$/),
      details: {},
      request_id: answer.header('x-request-id'),
    },
  });
  expect(answer.header('x-request-id')).toMatch(/^[A-Za-z0-9._-]{1,128}$/);
  expect(answer.header('content-type')).toBe('application/json; charset=utf-8');
  expectEachOnce(answer, API_HEADERS);
}
