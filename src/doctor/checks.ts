import type { Check } from './check.js';
import { backups } from './checks/backups.js';
import { clock } from './checks/clock.js';
import { configuration } from './checks/configuration.js';
import { demoAccounts } from './checks/demo-accounts.js';
import { disk } from './checks/disk.js';
import { mail } from './checks/mail.js';
import { node } from './checks/node.js';
import { pooler } from './checks/pooler.js';
import { proxies } from './checks/proxies.js';
import { readinessOf } from './checks/readiness.js';
import { recoveryFile } from './checks/recovery-file.js';
import { roles } from './checks/roles.js';
import { schema } from './checks/schema.js';
import { secretFiles } from './checks/secret-files.js';
import { secrets } from './checks/secrets.js';
import { service } from './checks/service.js';
import { socialLogin } from './checks/social-login.js';
import { spoofing } from './checks/spoofing.js';
import { transport } from './checks/transport.js';

/** Everything that is looked at, in the order in which it is told. */
export const CHECKS: readonly Check[] = [
  node,
  configuration,
  service,
  readinessOf('database'),
  schema,
  roles,
  pooler,
  clock,
  readinessOf('keys'),
  recoveryFile,
  secrets,
  secretFiles,
  demoAccounts,
  readinessOf('backup'),
  backups,
  disk,
  transport,
  proxies,
  spoofing,
  readinessOf('redis'),
  mail,
  socialLogin,
];
