import path from 'node:path';
import { AppConfig, type DatabaseUrls } from '../../src/config/app-config.js';
import { ENV_NAMES } from '../../src/config/env.schema.js';
import { parseEnv } from '../../src/config/parse-env.js';

const key = (fill: string) => `k1:${Buffer.alloc(32, fill).toString('base64')}`;

export const TEST_SECRETS = {
  JWT_SECRET_KEY: key('j'),
  TOKEN_PEPPER: key('t'),
  APP_ENCRYPTION_KEY: key('e'),
  LOG_SIGNING_KEY: key('l'),
};

/** Tests come from one address, many at once: only those about limits are to reach any. */
export const WIDE_LIMITS = Object.fromEntries(
  ENV_NAMES.filter((name) => /^(?:RL|LOGIN_FAIL)_/.test(name)).map((name) => [name, '1000000']),
);

/** The configuration of a test server: real in everything, but for hashes that cost next to nothing. */
export function testConfig(urls: DatabaseUrls, overrides: Record<string, string> = {}): AppConfig {
  const env = parseEnv({
    NODE_ENV: 'test',
    PORT: '0',
    PUBLIC_URL: 'http://localhost:8000',
    ARGON2_MEMORY_KIB: '64',
    ARGON2_TIME_COST: '1',
    CPU_QUEUE_LIMIT: '1000',
    ...WIDE_LIMITS,
    BACKUP_CRON: 'off',
    BACKUP_DIR: path.join(process.env['MC101_TEST_EMPTY_ENV_FOLDER'] ?? '/nonexistent', 'backups'),
    ...overrides,
  });
  const secrets = {
    JWT_SECRET_KEY: overrides['JWT_SECRET_KEY'] ?? TEST_SECRETS.JWT_SECRET_KEY,
    TOKEN_PEPPER: overrides['TOKEN_PEPPER'] ?? TEST_SECRETS.TOKEN_PEPPER,
    APP_ENCRYPTION_KEY: overrides['APP_ENCRYPTION_KEY'] ?? TEST_SECRETS.APP_ENCRYPTION_KEY,
    LOG_SIGNING_KEY: overrides['LOG_SIGNING_KEY'] ?? TEST_SECRETS.LOG_SIGNING_KEY,
  };
  return new AppConfig(env, urls, secrets, { pgBinDir: env.PG_BIN_DIR, searchPath: process.env['PATH'] });
}
