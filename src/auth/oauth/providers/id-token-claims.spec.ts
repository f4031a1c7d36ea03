import { describe, expect, it } from '@jest/globals';
import type { IDToken } from 'openid-client';
import type { OpenidSettings } from '../../../config/social-login-config.js';
import { requireSoundClaims } from './id-token-claims.js';
import { isEmailVerified } from './verified-email.js';

const NOW = new Date('2026-01-05T09:30:00Z');
const SECONDS = NOW.getTime() / 1000;
const CONSUMERS = '9188040d-6c67-4c5b-b112-36a304b66dad';
const TENANT = '72f988bf-86f1-41af-91ab-2d7cd011db47';

const settings = (kind: OpenidSettings['kind'], issuer: string): OpenidSettings => ({
  kind,
  issuer,
  name: kind,
  title: kind,
  clientId: 'mc101',
  clientSecret: 'x',
  scopes: ['openid'],
  secondFactor: { acr: [], amr: [] },
});
const ORDINARY = settings('openid', 'https://id.example.com');
const claims = (more: Record<string, unknown> = {}): IDToken => ({
  iss: 'https://id.example.com',
  sub: '4711',
  aud: 'mc101',
  iat: SECONDS,
  exp: SECONDS + 300,
  ...more,
});
const check = (more: Record<string, unknown>, by = ORDINARY) => {
  requireSoundClaims(claims(more), by, NOW);
};

describe('the claims of an ID token', () => {
  it.each([
    ['as they should be', {}],
    ['with us as authorised party', { azp: 'mc101' }],
    ['issued by a clock that is half a minute ahead', { iat: SECONDS + 30 }],
    ['issued ten minutes ago', { iat: SECONDS - 600 }],
    ['with the longest subject that there is', { sub: 's'.repeat(255) }],
  ])('are believed %s', (_, more) => {
    expect(() => {
      check(more);
    }).not.toThrow();
  });

  it.each([
    ['azp', { azp: 'another client' }],
    ['azp', { azp: '' }],
    ['iat', { iat: SECONDS + 31 }],
    ['iat', { iat: SECONDS - 601 }],
    ['sub', { sub: '' }],
    ['sub', { sub: 's'.repeat(256) }],
    ['sub', { sub: 'nul\0' }],
    ['sub', { sub: '\ud800' }],
  ])('are not believed with a wrong %s: %j', (claim, more) => {
    expect(() => {
      check(more);
    }).toThrow(`the claim ${claim} of its ID token`);
  });
});

describe('the tenant of a token of Microsoft', () => {
  const microsoft = (whose: string) =>
    settings('microsoft', `https://login.microsoftonline.com/${whose}/v2.0`);
  const of = (tid: unknown, iss = `https://login.microsoftonline.com/${String(tid)}/v2.0`) => ({ tid, iss });

  it.each([
    ['common', TENANT],
    ['common', CONSUMERS],
    ['organizations', TENANT],
    ['consumers', CONSUMERS],
    [TENANT, TENANT],
  ])('is one of %s: %s', (whose, tid) => {
    expect(() => {
      check(of(tid), microsoft(whose));
    }).not.toThrow();
  });

  it.each([
    ['organizations', of(CONSUMERS)],
    ['consumers', of(TENANT)],
    ['common', of(undefined)],
    ['common', of('../common')],
    ['common', of(TENANT, `https://login.microsoftonline.com/${CONSUMERS}/v2.0`)],
    ['common', of(TENANT, `https://login.microsoftonline.com/${TENANT}/v2.0/`)],
    ['common', of(TENANT, `https://login.example.com/${TENANT}/v2.0`)],
  ])('is none of %s: %j', (whose, more) => {
    expect(() => {
      check(more, microsoft(whose));
    }).toThrow('the claim tid of its ID token');
  });
});

describe('an address', () => {
  it.each([
    ['google', 'ada@gmail.com', { email_verified: true }],
    ['google', 'Ada@Gmail.com', { email_verified: true }],
    ['google', 'ada@example.com', { email_verified: true, hd: 'example.com' }],
    ['openid', 'ada@example.com', { email_verified: true }],
    ['microsoft', 'ada@example.com', { xms_edov: true }],
    ['microsoft', 'ada@example.com', { xms_edov: '1' }],
  ] as const)('is verified by %s: %s with %j', (kind, email, told) => {
    expect(isEmailVerified(kind, email, told)).toBe(true);
  });

  it.each([
    ['google', 'ada@gmail.com', {}],
    ['google', 'ada@gmail.com', { email_verified: 'true' }],
    ['google', 'ada@example.com', { email_verified: true }],
    ['google', 'ada@example.com', { email_verified: true, hd: '' }],
    ['google', 'ada@example.com', { hd: 'example.com' }],
    ['google', 'ada@gmail.com.example.com', { email_verified: true }],
    ['openid', 'ada@example.com', { email_verified: 1 }],
    ['openid', 'ada@example.com', { xms_edov: true }],
    ['microsoft', 'ada@example.com', { email_verified: true }],
    ['microsoft', 'ada@example.com', { xms_edov: false }],
    ['microsoft', 'ada@example.com', { xms_edov: '0' }],
  ] as const)('is not verified by %s: %s with %j', (kind, email, told) => {
    expect(isEmailVerified(kind, email, told)).toBe(false);
  });
});
