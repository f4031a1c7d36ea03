import { domainToASCII } from 'node:url';
import { isFQDN } from 'class-validator';
import { validateCronExpression } from 'cron';
import { z } from 'zod';
import { isEmailAddress } from '../common/email-address-syntax.js';
import { parsePostgresUrl } from './postgres-url.js';

export interface Variable<S extends z.ZodType = z.ZodType> {
  section: string;
  description: string;
  schema: S;
  /** As it stands in .env.example; a variable without one is shown empty. */
  example?: string;
  /** Its value must never be printed. */
  secret?: boolean;
}

const wholeIfSet = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d+$/, 'must be a whole number')
    .transform(Number)
    .refine((n) => n >= min && n <= max, `must lie between ${min} and ${max}`);

const whole = (min: number, max: number, fallback: number) => wholeIfSet(min, max).default(fallback);

const MAX_RATE_LIMIT = 1_000_000;

const oneOf = <const V extends string>(...values: V[]) =>
  z.enum(values, `must be one of ${values.join(', ')}`);

const flag = (fallback: boolean) =>
  z
    .enum(['true', 'false'], 'must be true or false')
    .transform((value) => value === 'true')
    .default(fallback);

const list = z
  .string()
  .transform((value) =>
    value
      .split(',')
      .map((entry) => entry.trim())
      .filter(Boolean),
  )
  .default([]);

const urlWith = (protocols: string[], parse: (value: string) => URL) =>
  z.string().refine(
    (value) => {
      try {
        return protocols.includes(parse(value).protocol);
      } catch {
        return false;
      }
    },
    `must be a URL that begins with ${protocols.map((p) => `${p}//`).join(' or ')}`,
  );

const webUrl = urlWith(['http:', 'https:'], (value) => new URL(value));
const postgresUrl = urlWith(['postgres:', 'postgresql:'], parsePostgresUrl);

const smtpUrl = urlWith(['smtp:', 'smtps:'], (value) => new URL(value)).refine((value) => {
  const { hostname, searchParams } = new URL(value);
  const words = [...searchParams.entries()];
  return hostname !== '' && words.every(([name, word]) => name === 'tls' && word === 'off');
}, 'must name a host, and nothing behind it but ?tls=off');

/** `address` or `name <address>`, without anything that would need quoting. */
function isMailbox(value: string): boolean {
  const named = /^[^<>"(),:;@[\]\\\p{Cc}]+ <([^<>]+)>$/u.exec(value);
  return isEmailAddress(named?.[1] ?? value);
}

/** An origin as browsers send it (RFC 6454 section 6.2): any other spelling would never match. */
function isOrigin(value: string): boolean {
  // The URL standard takes an asterisk for a letter; here it would be meant as a pattern, which nothing matches.
  if (!URL.canParse(value) || value.includes('*')) return false;
  const { protocol, host } = new URL(value);
  return host !== '' && `${protocol}//${host}` === value;
}

const originList = list.refine(
  (entries) => entries.every(isOrigin),
  'must list origins as browsers send them, such as https://app.example.com or http://localhost:5173',
);

/** In punycode and lower case, as the domains of addresses are compared. */
const domainList = list
  .transform((entries) => entries.map((entry) => domainToASCII(entry.normalize('NFC'))))
  .refine(
    (domains) => domains.every((domain) => isFQDN(domain)),
    'must list domains such as example.com, without @ and without *',
  );

const hostList = list.refine(
  (entries) => entries.every((entry) => /^(?:[a-z0-9_-]+(?:\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\])$/i.test(entry)),
  'must list host names or addresses without scheme, port or path, such as vote.example.org or [2001:db8::1]',
);

/** A month. */
const MAX_LOCK_SECONDS = 2_678_400;

const text = z.string();

/** Five fields, or six that begin with the seconds, as the scheduler reads them. */
const cronExpression = z
  .string()
  .refine(
    (value) => value === 'off' || validateCronExpression(value).valid,
    'must be a cron expression such as 0 * * * *, or off',
  );

function inSection<V extends Record<string, Omit<Variable, 'section'>>>(section: string, variables: V) {
  const entries = Object.entries(variables).map(([name, variable]) => [name, { ...variable, section }]);
  return Object.fromEntries(entries) as { [K in keyof V]: V[K] & { section: string } };
}

/** Every environment variable of the service. `.env.example` is made from this table. */
export const ENV = {
  ...inSection('Service', {
    NODE_ENV: {
      description: 'development stays on this machine; production refuses to start without strong secrets.',
      schema: oneOf('development', 'production', 'test').default('development'),
      example: 'development',
    },
    HOST: {
      description: 'Address to listen on. Outside production only a loopback address is accepted.',
      schema: text.default('127.0.0.1'),
      example: '127.0.0.1',
    },
    PORT: { description: 'Port to listen on.', schema: whole(0, 65_535, 8000), example: '8000' },
    PUBLIC_URL: {
      description:
        'How clients reach the service; links and the token issuer are built from it. Default: http://localhost:PORT.',
      schema: webUrl.transform((value) => value.replace(/(?<!\/)\/+$/, '')).optional(),
    },
    ALLOWED_HOSTS: {
      description:
        "Names by which the service may be called besides PUBLIC_URL's, comma-separated, without ports. Any other answers 421, /health and /ready excepted.",
      schema: hostList,
    },
    TRUSTED_PROXIES: {
      description: 'Proxies whose X-Forwarded-* headers are believed: addresses or CIDRs, comma-separated.',
      schema: list,
    },
    CORS_ORIGINS: {
      description:
        'Origins of browser apps that may call the API, comma-separated. Credentials are never allowed.',
      schema: originList,
    },
    DOCS_ENABLED: { description: 'Swagger UI at /mc101docs.', schema: flag(true), example: 'true' },
    LOG_LEVEL: {
      description: 'fatal, error, warn, info, debug, trace or silent.',
      schema: oneOf('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent').default('info'),
      example: 'info',
    },
    METRICS_PORT: {
      description: 'Port of the Prometheus metrics, apart from the API. 0: any free one.',
      schema: whole(0, 65_535, 9464),
      example: '9464',
    },
    METRICS_HOST: {
      description:
        'Address of the metrics. They need no token: keep them where only the monitoring reaches them.',
      schema: text.default('127.0.0.1'),
      example: '127.0.0.1',
    },
    SENTRY_DSN: {
      description: 'Where unexpected errors are reported, scrubbed like the logs (Sentry or compatible).',
      schema: webUrl.optional(),
      secret: true,
    },
    DATA_DIR: {
      description:
        'Where the embedded database and the generated secrets live. Default: .data beside package.json.',
      schema: text.optional(),
    },
  }),
  ...inSection('Database', {
    DATABASE_URL: {
      description:
        "The app's own PostgreSQL role. Setting it (or POSTGRES_HOST) switches the embedded database off.",
      schema: postgresUrl.optional(),
      secret: true,
    },
    DATABASE_OWNER_URL: {
      description: 'The role that owns the schema, for migrations and grants. Default: DATABASE_URL.',
      schema: postgresUrl.optional(),
      secret: true,
    },
    DATABASE_DIRECT_URL: {
      description: 'Goes round a connection pooler, for locks. Default: DATABASE_OWNER_URL.',
      schema: postgresUrl.optional(),
      secret: true,
    },
    POSTGRES_HOST: { description: 'Instead of DATABASE_URL: the parts of it.', schema: text.optional() },
    POSTGRES_PORT: { description: 'Port of POSTGRES_HOST.', schema: whole(1, 65_535, 5432), example: '5432' },
    POSTGRES_USER: { description: 'User at POSTGRES_HOST.', schema: text.default('mc101'), example: 'mc101' },
    POSTGRES_PASSWORD: { description: 'Password at POSTGRES_HOST.', schema: text.optional(), secret: true },
    POSTGRES_DB: {
      description: 'Database at POSTGRES_HOST.',
      schema: text.default('mc101'),
      example: 'mc101',
    },
    PG_BIN_DIR: {
      description:
        'Folder with the PostgreSQL programs for the embedded database. Default: a local installation, else the npm one.',
      schema: text.optional(),
    },
    DB_POOL_SIZE: {
      description: 'Connections each process keeps.',
      schema: whole(1, 500, 10),
      example: '10',
    },
  }),
  ...inSection(
    'Secrets (each: one or more id:base64 keys of 32 bytes, the first writes and all read, or one passphrase)',
    {
      JWT_SECRET_KEY: { description: 'Signs access tokens.', schema: text.optional(), secret: true },
      TOKEN_PEPPER: {
        description: 'Keys the hashes of tokens and codes.',
        schema: text.optional(),
        secret: true,
      },
      APP_ENCRYPTION_KEY: {
        description: 'Wraps the keys of all notes. Keep a copy outside the server: without it no note opens.',
        schema: text.optional(),
        secret: true,
      },
      LOG_SIGNING_KEY: {
        description:
          'Signs the seals of the audit log, so that who has the database alone cannot rewrite it.',
        schema: text.optional(),
        secret: true,
      },
    },
  ),
  ...inSection('Audit', {
    AUDIT_RETENTION_DAYS: {
      description: 'Sealed entries of the audit log older than this are deleted, whole batches at a time.',
      schema: whole(30, 36_500, 400),
      example: '400',
    },
  }),
  ...inSection('Accounts', {
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
  }),
  ...inSection('Limits (0 switches one off outside production)', {
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
      description:
        'Seconds for which an address is kept from an account that it goes on failing after a lock.',
      schema: whole(1, MAX_LOCK_SECONDS, 43_200),
      example: '43200',
    },
    RL_REFRESH_USER_LIMIT: {
      description: 'Refreshed tokens an hour and user.',
      schema: whole(0, MAX_RATE_LIMIT, 60),
      example: '60',
    },
    RL_RENAME_USER_LIMIT: {
      description: 'New usernames an hour and user: each try tells whether a name is taken.',
      schema: whole(0, MAX_RATE_LIMIT, 10),
      example: '10',
    },
  }),
  ...inSection('Mail', {
    MAIL_URL: {
      description:
        'The SMTP server: smtp://user:password@host:587, or smtps:// for TLS from the first byte. It must offer STARTTLS unless it is on this machine; ?tls=off sends in the clear. Without it, outside production, mails are shown at /dev/mail.',
      schema: smtpUrl.optional(),
      secret: true,
    },
    MAIL_FROM: {
      description:
        'Sender of all mails: an address, or a name and an address. Default: MC101 at the host of PUBLIC_URL.',
      schema: text
        .refine(isMailbox, 'must be an address such as votes@example.org, or Votes <votes@example.org>')
        .optional(),
    },
    MAIL_DISABLED: {
      description:
        'true: without MAIL_URL there are no mails at all, so no recovery of passwords and no notices. Production needs one of the two.',
      schema: flag(false),
      example: 'false',
    },
  }),
  ...inSection('Notices', {
    GEOIP_DB_PATH: {
      description:
        'A database of cities (GeoLite2-City, DB-IP City: .mmdb) that says where logins come from. Read at the start. Default: the embedded one, which knows countries.',
      schema: text.optional(),
    },
  }),
  ...inSection('Backups', {
    BACKUP_DIR: {
      description: 'Where backups are kept. Default: backups beside package.json. One service each.',
      schema: text.optional(),
    },
    BACKUP_CRON: {
      description: 'When backups are made, in UTC: minute, hour, day of month, month, day of week; or off.',
      schema: cronExpression.default('0 * * * *'),
      example: '"0 * * * *"',
    },
    BACKUP_RETENTION_DAYS: {
      description: 'Backups older than this are deleted once a newer one is verified.',
      schema: whole(1, 36_500, 7),
      example: '7',
    },
    BACKUP_KEEP_DAILY: {
      description: "Days past the retention of which the day's last backup is kept.",
      schema: whole(0, 3650, 0),
      example: '0',
    },
    BACKUP_KEEP_WEEKLY: {
      description: "Weeks past the retention of which the week's last backup is kept.",
      schema: whole(0, 520, 0),
      example: '0',
    },
    BACKUP_KEEP_MONTHLY: {
      description: "Months past the retention of which the month's last backup is kept.",
      schema: whole(0, 120, 0),
      example: '0',
    },
    BACKUP_VERIFY: {
      description:
        'How a backup is proven: restore (into a scratch database) or read (through the file only).',
      schema: oneOf('restore', 'read').default('restore'),
      example: 'restore',
    },
    BACKUP_VERIFY_DAILY_ABOVE_MB: {
      description:
        "Of backups larger than this only the day's first is restored; the others are read through.",
      schema: whole(1, 10_000_000, 1024),
      example: '1024',
    },
    BACKUP_BEFORE_MIGRATION: {
      description: 'Makes a backup before an upgrade changes the schema.',
      schema: flag(true),
      example: 'true',
    },
  }),
} satisfies Record<string, Variable>;

export type EnvName = keyof typeof ENV;

type Schemas = { [K in EnvName]: (typeof ENV)[K]['schema'] };

/** The parsed environment, before defaults that depend on other variables. */
export type Env = { [K in EnvName]: z.output<Schemas[K]> };

export const ENV_NAMES = Object.keys(ENV) as EnvName[];
