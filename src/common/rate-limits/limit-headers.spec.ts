import { expect, it } from '@jest/globals';
import { limitHeaders } from './limit-headers.js';
import type { LimitVerdict } from './limit-verdict.js';

const verdict = (changes: Partial<LimitVerdict> = {}): LimitVerdict => ({
  name: 'api-user',
  policy: 'api',
  allowed: true,
  limit: 300,
  windowSeconds: 60,
  remaining: 299,
  resetSeconds: 60,
  retryAfterSeconds: 0,
  taken: undefined,
  ...changes,
});

it('an answer that met no limit says nothing', () => {
  expect(limitHeaders([])).toEqual({});
});

it('each limit is named once, with what it said last', () => {
  const signup = verdict({ name: 'signup-address', policy: 'signup', limit: 5, windowSeconds: 3600 });
  expect(
    limitHeaders([
      verdict({ remaining: 7 }),
      { ...signup, remaining: 0, allowed: false, resetSeconds: 9, retryAfterSeconds: 9 },
      verdict({ remaining: 6, resetSeconds: 12 }),
    ]),
  ).toEqual({
    'ratelimit-policy': '"api";q=300;w=60, "signup";q=5;w=3600',
    ratelimit: '"api";r=6;t=12, "signup";r=0;t=9',
  });
});
