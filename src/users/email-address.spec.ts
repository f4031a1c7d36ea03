import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { normalizeEmail, normalizeUsername } from './email-address.js';

const COMPOSED = '\u00e9';
const DECOMPOSED = 'e\u0301';

describe('an e-mail address', () => {
  it.each([
    ['Ada@Example.COM', 'ada@example.com'],
    [`zo${DECOMPOSED}@example.com`, `zo${COMPOSED}@example.com`],
    ['zo\u00c9@example.com', `zo${COMPOSED}@example.com`],
    ['a@b\u00fccher.example', 'a@xn--bcher-kva.example'],
    ['a@B\u00dcCHER.Example', 'a@xn--bcher-kva.example'],
    ['a@bu\u0308cher.example', 'a@xn--bcher-kva.example'],
    ['a@XN--BCHER-KVA.example', 'a@xn--bcher-kva.example'],
    ['a@fa\u00df.example', 'a@xn--fa-hia.example'],
    ['"a@b"@example.com', '"a@b"@example.com'],
    ['a@[127.0.0.1]', 'a@[127.0.0.1]'],
    ['J\u030con@example.com', '\u01f0on@example.com'],
    ['\u01f0on@example.com', '\u01f0on@example.com'],
    ['stra\u00dfe@example.com', 'strasse@example.com'],
    ['STRASSE@example.com', 'strasse@example.com'],
    ['\u03b1\u03c2@example.com', '\u03b1\u03c3@example.com'],
    ['\u0391\u03a3@example.com', '\u03b1\u03c3@example.com'],
    ['a@b.example\u3002com', 'a@b.example.com'],
  ])('%s is compared as %s', (email, normalized) => {
    expect(normalizeEmail(email)).toBe(normalized);
  });

  it.each([
    ['ada.l@example.com', 'adal@example.com'],
    ['ada+1@example.com', 'ada@example.com'],
    ['ada@example.com', 'ada@example.org'],
    ['ada@fa\u00df.example', 'ada@fass.example'],
  ])('%s and %s are two', (one, other) => {
    expect(normalizeEmail(one)).not.toBe(normalizeEmail(other));
  });

  it('compared once is compared for ever, and whatever capitals and composition it comes in', () => {
    const letter = fc.constantFrom(
      'a',
      'Z',
      '9',
      '.',
      '\u00e9',
      'e\u0301',
      '\u00c9',
      '\u5b57',
      '\u0416',
      '\u0301',
      '\u01f0',
      '\u00df',
      '\u03c2',
      '\u03c3',
      '\u0130',
      '\u0131',
      '\u017f',
      '\ufb03',
      '\u1fb3',
      '\u0345',
    );
    const local = fc.array(letter, { minLength: 1, maxLength: 12 }).map((parts) => `x${parts.join('')}`);
    const domain = fc.constantFrom(
      'example.com',
      'b\u00fccher.example',
      'XN--BCHER-KVA.example',
      '\u5b57.example',
    );
    fc.assert(
      fc.property(local, domain, (name, host) => {
        const [composed, decomposed] = (['NFC', 'NFD'] as const).map((form) =>
          name.normalize(form).toUpperCase().normalize('NFC'),
        );
        // An iota subscript among several marks: composed and decomposed it has other capitals (Unicode, 3.13), which
        // are two texts.
        fc.pre(composed === decomposed);
        const email = `${name}@${host}`;
        const normalized = normalizeEmail(email);
        expect(normalizeEmail(normalized)).toBe(normalized);
        for (const form of ['NFC', 'NFD'] as const) {
          expect(normalizeEmail(email.normalize(form))).toBe(normalized);
          expect(normalizeEmail(email.normalize(form).toUpperCase())).toBe(normalized);
        }
      }),
    );
  });
});

it('a username is compared without capitals', () => {
  expect(normalizeUsername('Ada.L-1815')).toBe('ada.l-1815');
});
