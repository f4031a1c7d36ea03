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
import { SOCIAL_LOGIN } from './variables/social-login.js';
import type { OpenidProviderSettings } from './openid-providers.js';
import type { Variable } from './variables/variable.js';

/** Every environment variable of the service. `.env.example` is made from this table. */
export const ENV = {
  ...SERVICE,
  ...DATABASE,
  ...SECRETS,
  ...AUDIT,
  ...ACCOUNTS,
  ...SECOND_FACTORS,
  ...SOCIAL_LOGIN,
  ...LIMITS,
  ...MAIL,
  ...NOTICES,
  ...BACKUPS,
} satisfies Record<string, Variable>;

export type EnvName = keyof typeof ENV;

type Schemas = { [K in EnvName]: (typeof ENV)[K]['schema'] };

export type Variables = { [K in EnvName]: z.output<Schemas[K]> };

/** The parsed environment, before defaults that depend on other variables. */
export type Env = Variables & {
  /** Of the variables that have the name of a provider in theirs. */
  openidProviders: readonly OpenidProviderSettings[];
};

export const ENV_NAMES = Object.keys(ENV) as EnvName[];
