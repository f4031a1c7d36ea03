import { describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { Clock } from '../../common/clock.js';
import { AppConfig } from '../../config/app-config.js';
import { parseEnv } from '../../config/parse-env.js';
import { AccessTokensService } from './access-tokens.service.js';

const key = (id: string, fill: string) => `${id}:${Buffer.alloc(32, fill).toString('base64')}`;
const OLD = key('k1', 'a');
const NEW = key('k2', 'b');

class StoppedClock extends Clock {
  at = new Date('2026-01-01T00:00:00.000Z');
  override now(): Date {
    return this.at;
  }
  pass(seconds: number): void {
    this.at = new Date(this.at.getTime() + seconds * 1000);
  }
}

function service(ring = OLD, env: Record<string, string> = {}, clock: Clock = new StoppedClock()) {
  const config = new AppConfig(
    parseEnv({ NODE_ENV: 'test', PUBLIC_URL: 'http://localhost:8000', ...env }),
    { app: '', owner: '', direct: '' },
    { JWT_SECRET_KEY: ring, TOKEN_PEPPER: OLD, APP_ENCRYPTION_KEY: OLD, LOG_SIGNING_KEY: OLD },
  );
  return new AccessTokensService(clock, config);
}

const claims = { userId: 42, sessionId: randomUUID() };
const headerOf = (token: string) =>
  JSON.parse(Buffer.from(token.split('.')[0]!, 'base64url').toString()) as Record<string, unknown>;

describe('an access token', () => {
  it('says who and which session, to whoever holds the key', () => {
    expect(service().verify(service().issue(claims))).toEqual(claims);
  });

  it('is another one each time', () => {
    const tokens = service();
    expect(tokens.issue(claims)).not.toBe(tokens.issue(claims));
  });

  it('is in force for as long as is configured, and not a second longer', () => {
    const clock = new StoppedClock();
    const tokens = service(OLD, { ACCESS_TOKEN_EXPIRE_MINUTES: '2' }, clock);
    const token = tokens.issue(claims);
    clock.pass(119);
    expect(tokens.verify(token)).toEqual(claims);
    clock.pass(1);
    expect(tokens.verify(token)).toBeUndefined();
  });

  it('is signed by the first key of the ring and read by all', () => {
    const before = service(OLD).issue(claims);
    const rotated = service(`${NEW},${OLD}`);
    expect(rotated.verify(before)).toEqual(claims);
    const after = rotated.issue(claims);
    expect([headerOf(before)['kid'], headerOf(after)['kid']]).toEqual(['k1', 'k2']);
    expect(service(NEW).verify(after)).toEqual(claims);
    expect(service(NEW).verify(before)).toBeUndefined();
    expect(service(key('k1', 'x')).verify(before)).toBeUndefined();
  });

  it('of a passphrase is read by the same passphrase alone', () => {
    const token = service('a long and quiet passphrase for tokens').issue(claims);
    expect(service('a long and quiet passphrase for tokens').verify(token)).toEqual(claims);
    expect(service('another long and quiet passphrase').verify(token)).toBeUndefined();
  });

  it('is of no use at another address of the service', () => {
    const token = service().issue(claims);
    expect(service(OLD, { PUBLIC_URL: 'http://localhost:9000' }).verify(token)).toBeUndefined();
  });

  it.each([
    '',
    '.',
    '..',
    'a.b.c',
    'e30.e30.e30',
    `${'a'.repeat(10_000)}.b.c`,
    'bnVsbA.bnVsbA.x',
    'W10.W10.x',
  ])('that is none is not in force, and no failure: %s', (token) => {
    expect(service().verify(token)).toBeUndefined();
  });

  it('with any one character changed is not in force', () => {
    const tokens = service();
    const token = tokens.issue(claims);
    for (let position = 0; position < token.length; position++) {
      const other = token[position] === 'A' ? 'Q' : 'A';
      const tampered = token.slice(0, position) + other + token.slice(position + 1);
      // The last character of a part carries bits that base64url leaves unused.
      const isSame = tampered
        .split('.')
        .every((part, n) =>
          Buffer.from(part, 'base64url').equals(Buffer.from(token.split('.')[n]!, 'base64url')),
        );
      if (!isSame) expect(tokens.verify(tampered)).toBeUndefined();
    }
  });
});
