import { describe, expect, it } from '@jest/globals';
import type { FastifyReply } from 'fastify';
import { BrowserCookies, CSRF_COOKIE, REFRESH_COOKIE } from './browser-cookies.js';

function cookiesOf(cookie?: string) {
  const sent: unknown[] = [];
  const reply = { header: (name: string, value: unknown) => sent.push([name, value]) };
  return { cookies: new BrowserCookies({ headers: { cookie } }, reply as unknown as FastifyReply), sent };
}

const read = (cookie?: string) => cookiesOf(cookie).cookies.read(REFRESH_COOKIE);

describe('a cookie that came', () => {
  it.each([
    '__Host-refresh=abc',
    'a=b; __Host-refresh=abc; c=d',
    '__Host-csrf=x;__Host-refresh=abc',
    ' ; ;__Host-refresh=abc ;',
    'x__Host-refresh=other; __Host-refresh=abc; __Host-refreshed=other; __host-refresh=other',
  ])('is read by its name: %s', (header) => {
    expect(read(header)).toBe('abc');
  });

  it.each([
    undefined,
    '',
    '=',
    ';',
    '__Host-refresh',
    '__Host-csrf=abc',
    'refresh=abc',
    '__Secure-refresh=abc',
    '__host-refresh=abc',
    '__Host-refresh =abc',
    '\u00a0__Host-refresh=abc',
    '__Host-csrf="; __Host-csrf=__Host-refresh=abc"',
  ])('is none here: %p', (header) => {
    expect(read(header)).toBeUndefined();
  });

  it('is none when it stands twice, the same or not', () => {
    expect(read('__Host-refresh=abc; __Host-refresh=abd')).toBeUndefined();
    expect(read('__Host-refresh=abc; x=y;__Host-refresh=abc')).toBeUndefined();
  });

  it('is its bytes, with nothing decoded and nothing unquoted', () => {
    expect(read('__Host-refresh=%61"b=c')).toBe('%61"b=c');
  });
});

describe('a cookie that goes', () => {
  it('with a refresh token is read by no script', () => {
    const { cookies, sent } = cookiesOf();
    cookies.write(REFRESH_COOKIE, 'abc', 60);
    cookies.clear(REFRESH_COOKIE);
    expect(sent).toEqual([
      ['set-cookie', '__Host-refresh=abc; Max-Age=60; Path=/; Secure; HttpOnly; SameSite=Strict'],
      ['set-cookie', '__Host-refresh=; Max-Age=0; Path=/; Secure; HttpOnly; SameSite=Strict'],
    ]);
  });

  it('with a CSRF token is', () => {
    const { cookies, sent } = cookiesOf();
    cookies.write(CSRF_COOKIE, 'abc', 60);
    expect(sent).toEqual([['set-cookie', '__Host-csrf=abc; Max-Age=60; Path=/; Secure; SameSite=Strict']]);
  });
});
