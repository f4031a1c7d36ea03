import { describe, expect, it } from '@jest/globals';
import { ENV_NAMES } from './env.schema.js';
import { parseEnv } from './parse-env.js';

const LIMITS = ENV_NAMES.filter((name) => name.startsWith('RL_'));

function problemsOf(env: Record<string, string>): string {
  try {
    parseEnv(env);
    return '';
  } catch (error) {
    return (error as Error).message;
  }
}

describe('limits', () => {
  it.each(LIMITS)('%s is a whole number, whose 0 only production refuses', (name) => {
    expect(parseEnv({ [name]: '0' })[name]).toBe(0);
    expect(parseEnv({ [name]: '7' })[name]).toBe(7);
    expect(problemsOf({ NODE_ENV: 'production', [name]: '0' })).toContain(`${name}: 0`);
    expect(problemsOf({ NODE_ENV: 'production', [name]: '7' })).not.toContain(name);
    for (const value of ['-1', '1.5', 'many', '1e3', '1000001'])
      expect(problemsOf({ [name]: value })).toContain(name);
  });

  it('have the defaults of the contract', () => {
    const { RL_API_LIMIT, RL_LOGIN_IP_LIMIT, RL_LOGIN_EMAIL_LIMIT, RL_REFRESH_USER_LIMIT } = parseEnv({});
    expect([RL_API_LIMIT, RL_LOGIN_IP_LIMIT, RL_LOGIN_EMAIL_LIMIT, RL_REFRESH_USER_LIMIT]).toEqual([
      300, 20, 10, 60,
    ]);
  });
});

describe('TRUSTED_CLIENT_NETWORKS', () => {
  it('lists addresses and CIDRs', () => {
    const { TRUSTED_CLIENT_NETWORKS } = parseEnv({ TRUSTED_CLIENT_NETWORKS: '192.0.2.0/24, 2001:db8::/32,' });
    expect(TRUSTED_CLIENT_NETWORKS).toEqual(['192.0.2.0/24', '2001:db8::/32']);
    for (const value of ['office', '192.0.2.0/33', '192.0.2/24', '2001:db8::/129'])
      expect(problemsOf({ TRUSTED_CLIENT_NETWORKS: value })).toContain(
        'TRUSTED_CLIENT_NETWORKS must list addresses or CIDRs.',
      );
  });
});

describe('REDIS_URL', () => {
  it('is an address of Redis, with TLS or without, and is never quoted', () => {
    for (const url of ['redis://:secret@redis:6379', 'rediss://user:secret@redis.example.org/2'])
      expect(parseEnv({ REDIS_URL: url }).REDIS_URL).toBe(url);
    for (const url of ['secret@redis:6379', 'http://:secret@redis', 'redis'])
      expect(problemsOf({ REDIS_URL: url })).toMatch(/REDIS_URL must(?!.*secret)/);
  });
});
