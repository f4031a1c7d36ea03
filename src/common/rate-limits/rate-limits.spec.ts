import { beforeEach, describe, expect, it } from '@jest/globals';
import { AppConfig } from '../../config/app-config.js';
import { parseEnv } from '../../config/parse-env.js';
import { Clock } from '../clock.js';
import { requestContext } from '../logging/request-context.js';
import { Metrics } from '../metrics/metrics.js';
import { ReadinessChecks } from '../readiness/readiness-checks.js';
import { LimitStorages } from './limit-storages.js';
import type { LimitVerdict } from './limit-verdict.js';
import { RateLimits } from './rate-limits.js';

class SetClock extends Clock {
  ms = 1_700_000_000_000;

  override now(): Date {
    return new Date(this.ms);
  }
}

let clock: SetClock;
let metrics: Metrics;
beforeEach(() => {
  clock = new SetClock();
  metrics = new Metrics();
});

function limitsWith(env: Record<string, string>): RateLimits {
  const urls = { app: '', owner: '', direct: '' };
  const secrets = { JWT_SECRET_KEY: 'j', TOKEN_PEPPER: 't', APP_ENCRYPTION_KEY: 'e', LOG_SIGNING_KEY: 'e' };
  const config = new AppConfig(parseEnv({ NODE_ENV: 'test', ...env }), urls, secrets);
  return new RateLimits(new LimitStorages(clock, config, new ReadinessChecks(), metrics), config, metrics);
}

describe('a verdict', () => {
  it('says what is left, when there is more, and when to come again', async () => {
    const limits = limitsWith({ RL_RENAME_USER_LIMIT: '2' });
    const consume = () => limits.consume('rename-user', 7);
    expect(await consume()).toMatchObject({ allowed: true, limit: 2, remaining: 1, resetSeconds: 3600 });
    clock.ms += 100_500;
    expect(await consume()).toMatchObject({ allowed: true, remaining: 0, resetSeconds: 3500 });
    expect(await consume()).toMatchObject({ allowed: false, remaining: 0, retryAfterSeconds: 3500 });
    clock.ms += 3_500_000;
    expect(await consume()).toMatchObject({ allowed: true, remaining: 0 });
    // Another account has its own.
    expect(await limits.consume('rename-user', 8)).toMatchObject({ remaining: 1 });
    // And another limit with the same subject too.
    expect(await limits.consume('refresh-user', 7)).toMatchObject({ remaining: 59 });
  });

  it('is counted where it refused, and only there', async () => {
    const limits = limitsWith({ RL_RENAME_USER_LIMIT: '1' });
    for (let n = 0; n < 3; n += 1) await limits.consume('rename-user', 7);
    const text = await metrics.expose();
    expect(text).toContain('mc101_rate_limit_refusals_total{limit="rename-user"} 2');
    expect(text).toContain('mc101_rate_limit_refusals_total{limit="api-user"} 0');
    expect(text).toContain('mc101_rate_limit_windows 1');
  });
});

describe('failures', () => {
  it('are counted by what is not given back, and a hundred at once do not slip past', async () => {
    const limits = limitsWith({ RL_SIGNUP_IP_LIMIT: '5' });
    const attempts = await Promise.all(
      Array.from({ length: 100 }, () => limits.consume('signup-address', '192.0.2.1')),
    );
    const reserved = attempts.filter(({ allowed }) => allowed);
    expect(reserved).toHaveLength(5);
    // Four were right, one was wrong.
    for (const verdict of reserved.slice(1)) await limits.giveBack(verdict);
    expect(await limits.consume('signup-address', '192.0.2.1')).toMatchObject({ remaining: 3 });
    await limits.forget('signup-address', '::ffff:192.0.2.1');
    expect(await limits.consume('signup-address', '192.0.2.1')).toMatchObject({ remaining: 4 });
  });

  it('several at once are taken together or not at all', async () => {
    const limits = limitsWith({ RL_SIGNUP_IP_LIMIT: '5' });
    expect(await limits.consume('signup-address', null, 3)).toMatchObject({ allowed: true, remaining: 2 });
    expect(await limits.consume('signup-address', null, 3)).toMatchObject({ allowed: false, remaining: 2 });
  });
});

it('a limit of 0 lets everybody in and keeps nothing', async () => {
  const limits = limitsWith({ RL_SIGNUP_IP_LIMIT: '0' });
  for (let n = 0; n < 50; n += 1)
    expect(await limits.consume('signup-address', '192.0.2.1')).toMatchObject({ allowed: true, limit: 0 });
  expect(await metrics.expose()).toContain('mc101_rate_limit_windows 0');
});

it('the request knows what it met, but not what was given back or switched off', async () => {
  const limits = limitsWith({ RL_SIGNUP_IP_LIMIT: '0' });
  const verdicts: LimitVerdict[] = [];
  await requestContext.run({ request_id: 'r', address: null, verdicts }, async () => {
    const kept = await limits.consume('refresh-user', 7);
    await limits.giveBack(await limits.consume('rename-user', 1));
    await limits.consume('signup-address', null);
    expect(verdicts).toEqual([kept]);
  });
});

it('the signup limit is five in production and a hundred elsewhere, unless it is set', () => {
  const secret = (fill: string) => `k1:${Buffer.from(fill.repeat(2)).toString('base64')}`;
  const signups = (env: Record<string, string>) =>
    new AppConfig(
      parseEnv(env),
      { app: '', owner: '', direct: '' },
      { JWT_SECRET_KEY: '', TOKEN_PEPPER: '', APP_ENCRYPTION_KEY: '', LOG_SIGNING_KEY: '' },
    ).limits['signup-address'];
  const production = {
    NODE_ENV: 'production',
    PUBLIC_URL: 'https://vote.example.org',
    MAIL_DISABLED: 'true',
    JWT_SECRET_KEY: secret('0f1e2d3c4b5a6978'),
    TOKEN_PEPPER: secret('69785a4b3c2d1e0f'),
    APP_ENCRYPTION_KEY: secret('8796a5b4c3d2e1f0'),
    LOG_SIGNING_KEY: secret('8796a5b4c3d2e1f0'),
  };
  expect(signups({})).toBe(100);
  expect(signups(production)).toBe(5);
  expect(signups({ ...production, RL_SIGNUP_IP_LIMIT: '9' })).toBe(9);
});
