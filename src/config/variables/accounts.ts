import { domainToASCII } from 'node:url';
import { isFQDN } from 'class-validator';
import { isEmailAddress } from '../../common/email-address-syntax.js';
import { flag, list, oneOf, text, whole } from './value-types.js';
import { inSection } from './variable.js';

/** In punycode and lower case, as the domains of addresses are compared. */
const domainList = list
  .transform((entries) => entries.map((entry) => domainToASCII(entry.normalize('NFC'))))
  .refine(
    (domains) => domains.every((domain) => isFQDN(domain)),
    'must list domains such as example.com, without @ and without *',
  );

/** Who may register, for how long a login lasts, and what passwords must withstand. */
export const ACCOUNTS = inSection('Accounts', {
  ADMIN_EMAIL: {
    description: 'E-mail of the admin made on the first start.',
    schema: text.refine(isEmailAddress, 'must be an e-mail address').default('admin@example.com'),
    example: 'admin@example.com',
  },
  ADMIN_PASSWORD: {
    description: 'Password of that admin. Default: a random one, shown once.',
    schema: text.optional(),
    secret: true,
  },
  SEED_DEMO_ACCOUNTS: {
    description: 'Makes demo accounts, candidates and notes. Refused in production.',
    schema: flag(false),
    example: 'false',
  },
  REGISTRATION: {
    description: 'Who may register: open (everybody), invite (whoever an admin invites), closed (nobody).',
    schema: oneOf('open', 'invite', 'closed').default('open'),
    example: 'open',
  },
  REGISTRATION_DOMAINS: {
    description:
      'Domains whose e-mail addresses may register, comma-separated, each without its subdomains. Default: all.',
    schema: domainList,
  },
  ACCESS_TOKEN_EXPIRE_MINUTES: {
    description: 'Life of an access token.',
    schema: whole(1, 1440, 15),
    example: '15',
  },
  REFRESH_TOKEN_EXPIRE_DAYS: {
    description: 'Days after its last refresh that a session ends.',
    schema: whole(1, 365, 14),
    example: '14',
  },
  SESSION_ABSOLUTE_DAYS: {
    description: 'Days after the login that a session ends, however often it is refreshed.',
    schema: whole(1, 3650, 30),
    example: '30',
  },
  SESSION_POLICY: {
    description: 'multi, or single: a login ends the older sessions of its account.',
    schema: oneOf('multi', 'single').default('multi'),
    example: 'multi',
  },
  PASSWORD_MIN_SCORE: {
    description: 'Least zxcvbn score of a password, 0 to 4.',
    schema: whole(0, 4, 3),
    example: '3',
  },
  PASSWORD_RESET_EXPIRE_MINUTES: {
    description: 'Life of the code that resets a forgotten password.',
    schema: whole(1, 60, 10),
    example: '10',
  },
  PASSWORD_CONTEXT_WORDS: {
    description:
      "Names of the organisation, its products and projects, comma-separated: what must not make up a password, beside the owner's own words.",
    schema: list,
  },
  ARGON2_MEMORY_KIB: {
    description: 'Memory of one argon2id hash. `npm run cli -- calibrate` proposes values.',
    schema: whole(64, 4_194_304, 19_456),
    example: '19456',
  },
  ARGON2_TIME_COST: { description: 'Passes of one argon2id hash.', schema: whole(1, 100, 2), example: '2' },
  CPU_POOL_SIZE: {
    description: 'Password hashes computed at once. 0: one less than the cores, at least one.',
    schema: whole(0, 64, 0),
    example: '0',
  },
  CPU_QUEUE_LIMIT: {
    description: 'Password hashes that may wait; past it 503 BUSY.',
    schema: whole(0, 10_000, 32),
    example: '32',
  },
});
