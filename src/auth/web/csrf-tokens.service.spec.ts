import { describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { AppConfig } from '../../config/app-config.js';
import { parseEnv } from '../../config/parse-env.js';
import { CsrfTokensService } from './csrf-tokens.service.js';

const entry = (id: string) => `${id}:${Buffer.alloc(32, id).toString('base64')}`;

function tokensUnder(...ids: string[]): CsrfTokensService {
  const pepper = ids.map(entry).join(',');
  const secrets = {
    JWT_SECRET_KEY: entry('j'),
    TOKEN_PEPPER: pepper,
    APP_ENCRYPTION_KEY: entry('e'),
    LOG_SIGNING_KEY: entry('e'),
  };
  return new CsrfTokensService(
    new AppConfig(parseEnv({ NODE_ENV: 'test' }), { app: '', owner: '', direct: '' }, secrets),
  );
}

const SESSION = randomUUID();

describe('a CSRF token', () => {
  const tokens = tokensUnder('a');

  it('fits the session that it was made for, and no other', () => {
    const token = tokens.issue(SESSION);
    expect(tokens.fits(token, SESSION)).toBe(true);
    expect(tokens.fits(token, randomUUID())).toBe(false);
    expect(tokens.fits(token, '')).toBe(false);
    expect(tokens.fits(token, SESSION.toUpperCase())).toBe(false);
  });

  it('is another one each time', () => {
    expect(tokens.issue(SESSION)).not.toBe(tokens.issue(SESSION));
  });

  it('fits no more with any one character changed', () => {
    const token = tokens.issue(SESSION);
    for (let index = 0; index < token.length; index++) {
      const other = token[index] === 'A' ? 'B' : 'A';
      expect(tokens.fits(token.slice(0, index) + other + token.slice(index + 1), SESSION)).toBe(false);
    }
  });

  it.each(['', 'x', 'A'.repeat(64), 'A'.repeat(63), 'A'.repeat(65), 'A'.repeat(100_000), '\0'.repeat(64)])(
    'is not %#',
    (text) => {
      expect(tokens.fits(text, SESSION)).toBe(false);
      expect(tokens.fits(`${tokens.issue(SESSION)}${text || ' '}`, SESSION)).toBe(false);
    },
  );

  it('cannot be made with another pepper', () => {
    expect(tokensUnder('a').fits(tokensUnder('b').issue(SESSION), SESSION)).toBe(false);
  });
});

describe('while TOKEN_PEPPER is rotated', () => {
  it('tokens of every process fit on every process, whichever key it writes with', () => {
    const [old, both, moved] = [tokensUnder('a'), tokensUnder('a', 'b'), tokensUnder('b', 'a')];
    for (const [maker, reader] of [
      [old, both],
      [both, old],
      [both, moved],
      [moved, both],
    ] as const)
      expect(reader.fits(maker.issue(SESSION), SESSION)).toBe(true);
  });

  it('a token of the writing key stays as it is, and one of an older key is replaced', () => {
    const moved = tokensUnder('b', 'a');
    const current = moved.issue(SESSION);
    expect(moved.renew(current, SESSION)).toBe(current);
    const renewed = moved.renew(tokensUnder('a').issue(SESSION), SESSION);
    expect(tokensUnder('b').fits(renewed, SESSION)).toBe(true);
  });

  it('a token of a key that was taken away fits no more', () => {
    expect(tokensUnder('b').fits(tokensUnder('a').issue(SESSION), SESSION)).toBe(false);
  });
});
