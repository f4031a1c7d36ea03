import { flag, list, urlWith, whole, wholeIfSet } from './value-types.js';
import { inSection } from './variable.js';

const MAX_RATE_LIMIT = 1_000_000;

/** A month. */
const MAX_LOCK_SECONDS = 2_678_400;

/** How often something may be tried. */
export const LIMITS = inSection('Limits (0 switches one off outside production)', {
  REDIS_URL: {
    description:
      'Redis that counts for all processes together, redis:// or rediss://. Without it each process counts by itself.',
    schema: urlWith(['redis:', 'rediss:'], (value) => new URL(value)).optional(),
    secret: true,
  },
  REDIS_REQUIRED: {
    description: 'Whether /ready is down (else degraded) while Redis cannot be reached.',
    schema: flag(false),
    example: 'false',
  },
  TRUSTED_CLIENT_NETWORKS: {
    description:
      'Networks whose people share an address (offices, schools): CIDRs, comma-separated. Limits by address are 20 times as high there.',
    schema: list,
  },
  RL_API_LIMIT: {
    description: 'Requests a minute: of a user, or of an address without a valid access token.',
    schema: whole(0, MAX_RATE_LIMIT, 300),
    example: '300',
  },
  RL_SIGNUP_IP_LIMIT: {
    description: 'Registrations an hour and address. Default: 5; 100 outside production.',
    schema: wholeIfSet(0, MAX_RATE_LIMIT).optional(),
  },
  RL_LOGIN_IP_LIMIT: {
    description: 'Failed logins in ten minutes from one address.',
    schema: whole(0, MAX_RATE_LIMIT, 20),
    example: '20',
  },
  RL_LOGIN_EMAIL_LIMIT: {
    description: 'Failed logins in ten minutes of one account.',
    schema: whole(0, MAX_RATE_LIMIT, 10),
    example: '10',
  },
  LOGIN_FAIL_EMAIL_THRESHOLD: {
    description: 'Failed logins within 15 minutes that lock an e-mail address or username out.',
    schema: whole(0, MAX_RATE_LIMIT, 8),
    example: '8',
  },
  LOGIN_FAIL_IP_THRESHOLD: {
    description: 'Failed logins within 15 minutes that lock an address out.',
    schema: whole(0, MAX_RATE_LIMIT, 30),
    example: '30',
  },
  EMAIL_LOCK_TTL: {
    description: 'Seconds for which an e-mail address or username is locked out. Known devices are not.',
    schema: whole(1, MAX_LOCK_SECONDS, 900),
    example: '900',
  },
  IP_LOCK_TTL: {
    description: 'Seconds for which an address is locked out.',
    schema: whole(1, MAX_LOCK_SECONDS, 900),
    example: '900',
  },
  IP_LOCK_ESCALATION: {
    description: 'Whether locks of an address that follow each other within IP_LOCK_MAX_TTL double.',
    schema: flag(true),
    example: 'true',
  },
  IP_LOCK_MAX_TTL: {
    description: 'Seconds that a lock of an address grows to at most.',
    schema: whole(1, MAX_LOCK_SECONDS, 86_400),
    example: '86400',
  },
  LOGIN_SUSPEND_TTL: {
    description: 'Seconds for which an address is kept from an account that it goes on failing after a lock.',
    schema: whole(1, MAX_LOCK_SECONDS, 43_200),
    example: '43200',
  },
  RL_REFRESH_USER_LIMIT: {
    description: 'Refreshed tokens an hour and user.',
    schema: whole(0, MAX_RATE_LIMIT, 60),
    example: '60',
  },
  RL_RESET_IP_LIMIT: {
    description: 'Resets of forgotten passwords that one address may ask for in an hour.',
    schema: whole(0, MAX_RATE_LIMIT, 5),
    example: '5',
  },
  RL_RESET_EMAIL_LIMIT: {
    description:
      'Codes that are mailed in an hour to one e-mail address, or for one account: to reset a password, to verify or change an address. Past it a reset is mailed one more once the former code has ended.',
    schema: whole(0, MAX_RATE_LIMIT, 3),
    example: '3',
  },
  RL_RENAME_USER_LIMIT: {
    description: 'New usernames an hour and user: each try tells whether a name is taken.',
    schema: whole(0, MAX_RATE_LIMIT, 10),
    example: '10',
  },
});
