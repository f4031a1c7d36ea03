import path from 'node:path';
import { Script, createContext } from 'node:vm';
import { describe, expect, it } from '@jest/globals';
import { checkout } from '../support/service-process.js';
import { attacksOn, findRegularExpressions } from './regular-expressions.js';

/** Longer than any header, and than any body of a route but those of notes. */
const LENGTH = 100_000;

/** What takes linear time is done in milliseconds; what does not, in minutes. */
const DEADLINE_MS = 10_000;

const MADE_OF_CONSTANTS = ['src/auth/throttling/api-limit.ts', 'src/database/embedded/presence-socket.ts'];

const { found, unreadable } = findRegularExpressions(path.join(checkout, 'src'));

const context = createContext({ pattern: '', flags: '', text: '' });
const attempt = new Script(
  `
  const expression = new RegExp(pattern, flags);
  expression.test(text);
  expression.lastIndex = 0;
  text.replace(expression, '');
`.replaceAll('const ', 'var '),
);

/** Whether an expression has done with a text before the deadline; V8 interrupts one that has not. */
function endsInTime(pattern: string, flags: string, text: string, timeout = DEADLINE_MS): boolean {
  Object.assign(context, { pattern, flags, text });
  try {
    attempt.runInContext(context, { timeout });
    return true;
  } catch (error) {
    if ((error as { code?: string }).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return false;
    throw error;
  }
}

describe('a regular expression', () => {
  it.each([
    ['(a+)+$', ''],
    ['^(\\w+\\s?)*$', ''],
    ['^(a|a)*b$', ''],
    ['^([a-z]+)*@$', 'i'],
    ['^\\d+\\d+\\d+$', ''],
  ])(
    'that runs away would be found out: /%s/%s',
    (pattern, flags) => {
      expect(attacksOn(pattern, flags, LENGTH).every((text) => endsInTime(pattern, flags, text, 1_000))).toBe(
        false,
      );
    },
    60_000,
  );

  it('is written down, never made of input', () => {
    expect(found.length).toBeGreaterThan(40);
    // Both are made of what the code itself says: paths of routes, and the folder of the data.
    expect(unreadable.map((where) => where.replace(/:\d+$/, ''))).toEqual(MADE_OF_CONSTANTS);
  });

  it.each(found)(
    'of the service ends in linear time on hostile text: $where /$pattern/$flags',
    ({ pattern, flags }) => {
      const slow = attacksOn(pattern, flags, LENGTH).find((text) => !endsInTime(pattern, flags, text));
      expect(slow?.slice(0, 40)).toBeUndefined();
    },
    120_000,
  );
});
