import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { AppConfig } from '../../config/app-config.js';
import { parseEnv } from '../../config/parse-env.js';
import { hkdfSha256 } from '../../crypto/hkdf.js';
import { RefreshTokensService } from './refresh-tokens.service.js';

const key = (id: string, fill: string) => `${id}:${Buffer.alloc(32, fill).toString('base64')}`;
const OLD = key('k1', 'a');
const NEW = key('k2', 'b');

function service(ring = OLD): RefreshTokensService {
  const config = new AppConfig(
    parseEnv({ NODE_ENV: 'test' }),
    { app: '', owner: '', direct: '' },
    { JWT_SECRET_KEY: OLD, TOKEN_PEPPER: ring, APP_ENCRYPTION_KEY: OLD, LOG_SIGNING_KEY: OLD },
  );
  return new RefreshTokensService(config);
}

describe('a refresh token', () => {
  it('has 256 bits and is another one each time', () => {
    const tokens = Array.from({ length: 1000 }, () => service().draw().token);
    expect(new Set(tokens).size).toBe(1000);
    for (const token of tokens) expect(Buffer.from(token, 'base64url')).toHaveLength(32);
  });

  it('is looked up under every key of the ring, the writing one first', () => {
    const { token, hash } = service(OLD).draw();
    expect(service(`${NEW},${OLD}`).hashesOf(token)).toEqual([service(NEW).hashesOf(token)[0], hash]);
    expect(service(NEW).hashesOf(token)).not.toContainEqual(hash);
  });

  it.each([
    '',
    'x',
    'A'.repeat(42),
    'A'.repeat(44),
    `${'A'.repeat(42)}=`,
    `${'A'.repeat(42)}\n`,
    'Ä'.repeat(43),
  ])('that cannot be one is not even looked up: %p', (text) => {
    expect(service().hashesOf(text)).toEqual([]);
  });
});

describe('a successor', () => {
  it('can be derived again from the former token and what is stored, by whoever has the key', () => {
    fc.assert(
      fc.property(fc.constantFrom(OLD, NEW, `${OLD},${NEW}`, `${NEW},${OLD}`), (ring) => {
        const { token } = service(ring).draw();
        const { token: successor, salt, hash } = service(ring).succeed(token);
        expect(service(`${OLD},${NEW}`).successorOf(token, salt, hash)).toBe(successor);
        expect(service(`${NEW},${OLD}`).hashesOf(successor)).toContainEqual(hash);
      }),
    );
  });

  it('is another one at each rotation, because its salt is', () => {
    const { token } = service().draw();
    const successors = Array.from({ length: 100 }, () => service().succeed(token).token);
    expect(new Set([...successors, token]).size).toBe(101);
  });

  it('needs the former token, the salt and the key: with any of them changed it is not found', () => {
    const { token } = service().draw();
    const { salt, hash } = service().succeed(token);
    expect(service().successorOf(service().draw().token, salt, hash)).toBeUndefined();
    expect(service().successorOf(token, Buffer.alloc(32), hash)).toBeUndefined();
    expect(service(NEW).successorOf(token, salt, hash)).toBeUndefined();
  });

  it('is not what the salt and the former token, or what is stored, yield without the key', () => {
    const { token, hash: storedHash } = service().draw();
    const { token: successor, salt, hash } = service().succeed(token);
    const context = 'mc101/refresh-token-successor/v1';
    for (const input of [Buffer.from(token), Buffer.from(token, 'base64url'), storedHash, hash])
      for (const prefix of [Buffer.alloc(0), Buffer.alloc(32)])
        expect(hkdfSha256(Buffer.concat([prefix, input]), salt, context, 32).toString('base64url')).not.toBe(
          successor,
        );
    for (const stored of [salt, hash, storedHash]) expect(stored.toString('base64url')).not.toBe(successor);
  });
});
