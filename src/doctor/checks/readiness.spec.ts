import { expect, it } from '@jest/globals';
import { judgePart } from './readiness.js';

it.each([
  ['ok', 'ok'],
  ['off', 'off'],
  ['degraded', 'warning'],
  ['unavailable', 'warning'],
  ['down', 'problem'],
] as const)('a part that /ready calls %s is %s, in the words of /ready', (status, verdict) => {
  expect(judgePart('backup', { status, detail: 'As it is.' })).toMatchObject({ verdict, found: 'As it is.' });
  expect(judgePart('backup', { status }).found).not.toBe('');
});

it('the reminder of the recovery file is left to its own check', () => {
  expect(judgePart('keys', { status: 'ok', detail: 'Run keys:export.' })).toEqual({
    verdict: 'ok',
    found: 'In order.',
  });
});
