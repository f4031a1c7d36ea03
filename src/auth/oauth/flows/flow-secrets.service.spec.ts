import { describe, expect, it } from '@jest/globals';
import { AppConfig } from '../../../config/app-config.js';
import { parseEnv } from '../../../config/parse-env.js';
import { FlowSecretsService } from './flow-secrets.service.js';

const entry = (id: string) => `${id}:${Buffer.alloc(32, id).toString('base64')}`;

function under(...ids: string[]): FlowSecretsService {
  const secrets = {
    JWT_SECRET_KEY: entry('j'),
    TOKEN_PEPPER: ids.map(entry).join(','),
    APP_ENCRYPTION_KEY: entry('e'),
    LOG_SIGNING_KEY: entry('e'),
  };
  return new FlowSecretsService(
    new AppConfig(parseEnv({ NODE_ENV: 'test' }), { app: '', owner: '', direct: '' }, secrets),
  );
}

describe('the secrets of a flow', () => {
  const service = under('a');

  it('are 256 bits each, all different, and other ones each time', () => {
    const all = Array.from({ length: 20 }, () => service.draw(undefined)).flatMap(
      ({ secrets: { state, nonce, codeVerifier }, browserToken }) => [
        state,
        nonce,
        codeVerifier,
        browserToken,
      ],
    );
    expect(new Set(all).size).toBe(80);
    for (const secret of all) expect(secret).toMatch(/^[A-Za-z0-9_-]{43}$/);
  });

  it('are found again by state and cookie, and computed again from the state', () => {
    const { secrets, browserToken, hashes } = service.draw(undefined);
    expect(service.hashesOf(secrets.state, browserToken)).toEqual([hashes]);
    expect(service.secretsOf(secrets.state, hashes.stateHash)).toEqual(secrets);
  });

  it('share the cookie that the browser has from another flow', () => {
    const first = service.draw(undefined);
    const second = service.draw(first.browserToken);
    expect(second.browserToken).toBe(first.browserToken);
    expect(second.hashes.browserHash).toEqual(first.hashes.browserHash);
    expect(second.hashes.stateHash).not.toEqual(first.hashes.stateHash);
  });

  it.each(['', 'x', 'A'.repeat(42), 'A'.repeat(44), `${'A'.repeat(42)}=`])(
    'have a cookie of their own where the browser brings %p',
    (cookie) => {
      expect(service.draw(cookie).browserToken).not.toBe(cookie);
    },
  );

  it('have no hashes of what cannot be theirs', () => {
    const { secrets, browserToken } = service.draw(undefined);
    expect(service.hashesOf('x', browserToken)).toEqual([]);
    expect(service.hashesOf(secrets.state, 'x')).toEqual([]);
  });

  it('outlive a rotation of TOKEN_PEPPER, in both directions', () => {
    for (const [began, ends] of [
      [under('a'), under('b', 'a')],
      [under('b', 'a'), under('a', 'b')],
    ] as const) {
      const { secrets, browserToken, hashes } = began.draw(undefined);
      expect(ends.hashesOf(secrets.state, browserToken)).toContainEqual(hashes);
      expect(ends.secretsOf(secrets.state, hashes.stateHash)).toEqual(secrets);
    }
  });

  it('are nobody’s without its key', () => {
    const { secrets, hashes } = service.draw(undefined);
    expect(() => under('b').secretsOf(secrets.state, hashes.stateHash)).toThrow('No key of TOKEN_PEPPER');
  });
});
