import { describe, expect, it } from '@jest/globals';
import { explainStartupFailure } from './startup-failure.js';

const explain = (message: string, code: string) =>
  explainStartupFailure(Object.assign(new Error(message), { code }), { host: '', port: 0 }, 'database');

describe('a start that fails because of the database', () => {
  it.each([
    ['57014', 'canceling statement due to statement timeout'],
    ['55P03', 'canceling statement due to lock timeout'],
  ])('is not told that it cannot be reached when it answered: %s', (code, message) => {
    expect(explain(message, code)).toBe(
      `The database broke off a statement (${message}): start again, or raise its statement_timeout and lock_timeout.`,
    );
  });

  it('is told that it cannot be reached when it did not', () => {
    expect(explain('timeout expired', '')).toBe(
      'The database cannot be reached (timeout expired): start it, or correct DATABASE_URL.',
    );
  });
});
