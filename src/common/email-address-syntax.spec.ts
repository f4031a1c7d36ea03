import { describe, expect, it } from '@jest/globals';
import { isEmailAddress } from './email-address-syntax.js';

describe('an e-mail address', () => {
  it.each([
    'ada@example.com',
    'ada.l+notes_1815@mail.example.co.uk',
    'zo\u00e9@b\u00fccher.example',
    '\u03b1\u03c2@xn--bcher-kva.example',
    '\u5b57@\u5b57.example',
    `${'a'.repeat(64)}@example.com`,
  ])('is %s', (value) => {
    expect(isEmailAddress(value)).toBe(true);
  });

  it.each([
    ['nothing', ''],
    ['no @', 'ada.example.com'],
    ['no local part', '@example.com'],
    ['no domain', 'ada@'],
    ['a domain without a dot', 'ada@localhost'],
    ['a display name', 'Ada <ada@example.com>'],
    ['an address literal', 'ada@[127.0.0.1]'],
    ['more than 254 characters', `ada@${'a.'.repeat(124)}example`],
    ['a quoted local part', '"mallory"@example.com'],
    ['a quote in the local part', 'mal"lory@example.com'],
    ['a quoted @', '"a@b"@example.com'],
    ['a backslash', 'mal\\lory@example.com'],
    ['a quoted backslash', '"mal\\lory"@example.com'],
    ['a space', 'mal lory@example.com'],
    ['a no-break space', 'mal\u00a0lory@example.com'],
    ['an ideographic space', 'mal\u3000lory@example.com'],
    ['a zero-width space', 'mal\u200blory@example.com'],
    ['a zero-width joiner', 'mal\u200dlory@example.com'],
    ['a soft hyphen', 'mal\u00adlory@example.com'],
    ['a direction mark', 'mallory\u200e@example.com'],
    ['a byte order mark', '\ufeffmallory@example.com'],
    ['a variation selector', 'mallory\ufe0f@example.com'],
    ['an invisible letter', 'mal\u3164lory@example.com'],
    ['a zero-width space in the domain', 'mallory@exam\u200bple.com'],
    ['a control character', 'mal\u0085lory@example.com'],
    ['NUL', 'mal\0lory@example.com'],
    ['a line break', 'mallory@example.com\n'],
    ['a lone surrogate', 'mal\ud800lory@example.com'],
    ['a character that Unicode has not given out', 'mal\u0378lory@example.com'],
    ['a domain that ends with a dot', 'mallory@example.com.'],
    ['a domain that ends with an ideographic dot', 'mallory@mail.example.com\u3002'],
    ['a domain that is an IPv4 address to a resolver', 'mallory@1.1.\u2460\u2460'],
    ['a domain with a path', 'mallory@example.com/path'],
    ['a domain that no resolver could ask for', 'mallory@a\u2100b.example'],
  ])('has not %s', (_, value) => {
    expect(isEmailAddress(value)).toBe(false);
  });
});
