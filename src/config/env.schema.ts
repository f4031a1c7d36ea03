import type { z } from 'zod';
import { ACCOUNTS } from './variables/accounts.js';
import { AUDIT } from './variables/audit.js';
import { BACKUPS } from './variables/backups.js';
import { DATABASE } from './variables/database.js';
import { LIMITS } from './variables/limits.js';
import { MAIL } from './variables/mail.js';
import { NOTICES } from './variables/notices.js';
import { SECOND_FACTORS } from './variables/second-factors.js';
import { SECRETS } from './variables/secrets.js';
import { SERVICE } from './variables/service.js';
import type { Variable } from './variables/variable.js';

/** Every environment variable of the service. `.env.example` is made from this table. */
export const ENV = {
  ...SERVICE,
  ...DATABASE,
  ...SECRETS,
  ...AUDIT,
  ...ACCOUNTS,
  ...SECOND_FACTORS,
  ...LIMITS,
  ...MAIL,
  ...NOTICES,
  ...BACKUPS,
} satisfies Record<string, Variable>;

export type EnvName = keyof typeof ENV;

type Schemas = { [K in EnvName]: (typeof ENV)[K]['schema'] };

/** The parsed environment, before defaults that depend on other variables. */
export type Env = { [K in EnvName]: z.output<Schemas[K]> };

export const ENV_NAMES = Object.keys(ENV) as EnvName[];
