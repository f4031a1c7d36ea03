import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { makeCanary, openCanary } from './canary.js';
import { KeyRingInvalidError, KeyUnknownError, SealBrokenError } from './crypto.errors.js';
import { parseKeyRing } from './parse-key-ring.js';

const VARIABLE = 'APP_ENCRYPTION_KEY';
const NEW = Buffer.alloc(32, 0xfb).toString('base64');
const OLD = Buffer.alloc(32, 0x02).toString('base64');
const RING = `k2:${NEW},k1:${OLD}`;

function refusalOf(value: string): KeyRingInvalidError {
  try {
    parseKeyRing(VARIABLE, value);
  } catch (error) {
    if (error instanceof KeyRingInvalidError) return error;
    throw error;
  }
  throw new Error('The value was accepted.');
}

describe('a list of keys', () => {
  it('writes with the first entry and reads with all', () => {
    const ring = parseKeyRing(VARIABLE, RING);
    expect(ring.ids).toEqual(['k2', 'k1']);
    expect(ring.current.id).toBe('k2');
    expect(ring.find('k1').key.export()).toEqual(Buffer.alloc(32, 0x02));
    expect(ring.find('k2')).toBe(ring.current);
  });

  it('may have blanks and line ends around its entries', () => {
    expect(parseKeyRing(VARIABLE, ` k2:${NEW} ,\n k1:${OLD}\n`).ids).toEqual(['k2', 'k1']);
  });

  it('names a key id that it does not hold', () => {
    const ring = parseKeyRing(VARIABLE, RING);
    expect(() => ring.find('k0')).toThrow(KeyUnknownError);
    expect(() => ring.find('k0')).toThrow('"k0"');
    expect(() => ring.find('toString')).toThrow(KeyUnknownError);
  });

  it.each([
    ['the same id twice', `k1:${NEW},k1:${OLD}`, 'holds the key id "k1" twice'],
    [
      'a key of 31 bytes',
      `k1:${Buffer.alloc(31, 9).toString('base64')}`,
      'entry 1 has 31 bytes instead of 32',
    ],
    [
      'a key of 33 bytes',
      `k1:${Buffer.alloc(33, 9).toString('base64')}`,
      'entry 1 has 33 bytes instead of 32',
    ],
    ['no key behind the id', 'k1:', 'entry 1 has 0 bytes instead of 32'],
    ['a letter that is not base64', `k1:${NEW.replace('+', '$')}`, 'entry 1 is not valid base64'],
    ['base64url', `k1:${NEW.replaceAll('+', '-')}`, 'entry 1 is not valid base64'],
    ['missing padding', `k1:${NEW.replace('=', '')}`, 'entry 1 is not valid base64'],
    ['a second key that was cut', `k2:${NEW},k1:${OLD.slice(0, 20)}`, 'entry 2 has 15 bytes instead of 32'],
    ['a second entry without an id', `k2:${NEW},${OLD}`, 'entry 2 does not start with an id'],
    ['an empty id', `:${NEW}`, 'entry 1 does not start with an id'],
    ['an id of 33 characters', `${'k'.repeat(33)}:${NEW}`, 'entry 1 does not start with an id'],
    ['an id with a blank', `my key:${NEW}`, 'entry 1 does not start with an id'],
    ['a trailing comma', `k1:${NEW},`, 'entry 2 does not start with an id'],
    ['nothing', '', 'is empty'],
    ['blanks', ' \n', 'is empty'],
  ])('with %s is refused in one sentence that shows no key', (_what, value, sentence) => {
    const { message } = refusalOf(value);
    expect(message).toContain(sentence);
    expect(message).toMatch(/^APP_ENCRYPTION_KEY [^\n]*\.$/);
    for (const secret of value.match(/[A-Za-z0-9+/$-]{6,}/g) ?? []) {
      expect(message).not.toContain(secret);
    }
  });

  it('shows no key when it is printed, logged or copied', () => {
    const ring = parseKeyRing(VARIABLE, RING);
    const prints = [
      JSON.stringify(ring),
      JSON.stringify(ring.current),
      inspect(ring, { depth: null, showHidden: true }),
      inspect(ring.current, { depth: null, showHidden: true }),
      JSON.stringify(Object.entries(ring)),
      inspect(ring.current.key, { depth: null, showHidden: true }),
    ].join('\n');
    expect(prints).toContain('k2');
    for (const encoding of ['base64', 'hex', 'latin1', 'base64url'] as const) {
      expect(prints).not.toContain(ring.current.key.export().toString(encoding).slice(0, 12));
    }
    expect(prints).not.toMatch(/251,\s*251|fb fb|2,\s*2,\s*2/);
  });
});

describe('a passphrase', () => {
  const phrase = 'four words, no colon';

  it('is one key, the same at each start', () => {
    const ring = parseKeyRing(VARIABLE, phrase);
    expect(ring.ids).toHaveLength(1);
    expect(ring.current.id).toMatch(/^p-[0-9a-f]{8}$/);
    const again = parseKeyRing(VARIABLE, phrase);
    expect(again.current.id).toBe(ring.current.id);
    expect(again.current.key.equals(ring.current.key)).toBe(true);
  });

  it('has another id and another key than any other passphrase or variable', () => {
    const ring = parseKeyRing(VARIABLE, phrase);
    for (const other of [parseKeyRing(VARIABLE, `${phrase}!`), parseKeyRing('JWT_SECRET_KEY', phrase)]) {
      expect(other.current.id).not.toBe(ring.current.id);
      expect(other.current.key.equals(ring.current.key)).toBe(false);
    }
  });

  it.each(['note: a colon before a blank', 'a,b,c', 'p@ss"w0rd$', NEW])('may be %p', (value) => {
    expect(parseKeyRing(VARIABLE, value).current.id).toMatch(/^p-/);
  });

  it('can be carried over into a list and goes on reading', () => {
    const before = parseKeyRing(VARIABLE, phrase).current;
    const entry = `${before.id}:${before.key.export().toString('base64')}`;
    const ring = parseKeyRing(VARIABLE, `k1:${NEW},${entry}`);
    expect(ring.current.id).toBe('k1');
    expect(openCanary(ring.find(before.id), makeCanary(before))).toBe(true);
  });
});

describe('a canary', () => {
  it('opens for its own key only, also when another key took over its id', () => {
    const ring = parseKeyRing(VARIABLE, RING);
    const canary = makeCanary(ring.current);
    expect(openCanary(ring.current, canary)).toBe(true);
    expect(() => openCanary(ring.find('k1'), canary)).toThrow(SealBrokenError);
    const impostor = parseKeyRing(VARIABLE, `k2:${OLD}`).current;
    expect(() => openCanary(impostor, canary)).toThrow(SealBrokenError);
    const renamed = parseKeyRing(VARIABLE, `k3:${NEW}`).current;
    expect(() => openCanary(renamed, canary)).toThrow(SealBrokenError);
  });
});
