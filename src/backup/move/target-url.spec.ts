import { describe, expect, it } from '@jest/globals';
import { checkTargetUrl, withPassword } from './target-url.js';

describe('the address of a target', () => {
  it.each(['postgresql://mc101@db.example.com:5433/mc101', 'postgres://mc101@/mc101?host=/run/postgresql'])(
    '%s is taken as it is',
    (url) => {
      expect(checkTargetUrl(url, '--to')).toBe(url);
    },
  );

  it.each([
    ['a password', 'postgresql://mc101:hush@db/mc101', 'must hold no password'],
    ['a password as a parameter', 'postgresql://mc101@db/mc101?password=hush', 'must hold no password'],
    ['no role', 'postgresql://db/mc101', 'must name the role'],
    ['no database', 'postgresql://mc101@db', 'and the database'],
    ['another protocol', 'https://mc101@db/mc101', 'must name'],
    ['no URL', 'db', 'is no URL'],
  ])('with %s is refused, without showing it', (_, url, why) => {
    const refusal = () => checkTargetUrl(url, '--owner-to');
    expect(refusal).toThrow(/^--owner-to /);
    expect(refusal).toThrow(why);
    expect(refusal).not.toThrow('hush');
  });

  it('takes a password with whatever characters it has, and none where there is none', () => {
    expect(withPassword('postgresql://mc101@/x?host=/run', 'p@ss/w:rd $&?')).toBe(
      'postgresql://mc101:p%40ss%2Fw%3Ard%20%24%26%3F@/x?host=/run',
    );
    expect(withPassword('postgresql://mc101@db/x', '')).toBe('postgresql://mc101@db/x');
  });
});
