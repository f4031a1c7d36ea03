import { availableParallelism } from 'node:os';
import path from 'node:path';
import type { LimitName } from '../common/rate-limits/limits.js';
import type { Env } from './env.schema.js';
import { socialLoginConfig, type SocialLoginConfig } from './social-login-config.js';

export interface DatabaseUrls {
  /** The app's role: rows only. */
  app: string;
  /** The schema's owner: migrations and grants. */
  owner: string;
  /** Past any pooler, for session locks. */
  direct: string;
}

export interface Secrets {
  JWT_SECRET_KEY: string;
  TOKEN_PEPPER: string;
  APP_ENCRYPTION_KEY: string;
  LOG_SIGNING_KEY: string;
}

export interface ProgramFolders {
  /** PG_BIN_DIR. */
  pgBinDir?: string;
  /** PATH. */
  searchPath?: string;
}

export interface BackupConfig {
  /** Absolute. */
  dir: string;
  /** In UTC; undefined: no backups by the clock. */
  cron: string | undefined;
  retentionDays: number;
  /** How many days, weeks and months past the retention keep their last backup. */
  keep: { daily: number; weekly: number; monthly: number };
  verify: 'restore' | 'read';
  /** Of larger backups only the first of a day (UTC) is restored. */
  verifyDailyAboveBytes: number;
  beforeMigration: boolean;
}

export interface MailConfig {
  /** disabled: nothing is sent; mailbox: files of this machine that /dev/mail shows. */
  mode: 'smtp' | 'mailbox' | 'disabled';
  /** Only with smtp. */
  url: string | undefined;
  /** As the From header has it. */
  from: string;
  /** Where the files of the mailbox lie. */
  mailboxDir: string;
}

/** When failed logins are limited and when they lock; 0: never. */
export interface LockoutConfig {
  identifier: { rateLimit: number; threshold: number; lockSeconds: number };
  address: { rateLimit: number; threshold: number; lockSeconds: number; maxLockSeconds: number };
  suspendSeconds: number;
}

/** Beside package.json, from wherever the service is started. */
const DEFAULT_BACKUP_DIR = path.resolve(import.meta.dirname, '..', '..', 'backups');
/** The same for what the service makes for itself. */
export const DEFAULT_DATA_DIR = path.resolve(import.meta.dirname, '..', '..', '.data');

/** Everything the running service may know of its surroundings. Made once at start, frozen, injected. */
export class AppConfig {
  readonly environment: Env['NODE_ENV'];
  readonly host: string;
  readonly port: number;
  readonly publicUrl: string;
  /** By which names the service may be called, without ports. */
  readonly allowedHosts: readonly string[];
  readonly trustedProxies: readonly string[];
  /** Addresses and CIDRs behind which many people share an address. */
  readonly trustedClientNetworks: readonly string[];
  /** How many each limit lets in within its window; 0: any number. */
  readonly limits: Readonly<Record<LimitName, number>>;
  readonly lockouts: Readonly<LockoutConfig>;
  /** What counts for all processes together, and whether the service is down without it. */
  readonly redis: Readonly<{ url: string | undefined; required: boolean }>;
  readonly corsOrigins: readonly string[];
  readonly docsEnabled: boolean;
  readonly logLevel: Env['LOG_LEVEL'];
  readonly databasePoolSize: number;
  readonly accessTokenSeconds: number;
  readonly sessions: Readonly<{
    idleSeconds: number;
    absoluteSeconds: number;
    policy: Env['SESSION_POLICY'];
  }>;
  /** How long the code of a reset lives. */
  readonly passwordResetSeconds: number;
  readonly mfa: Readonly<{
    /** Who must have a second factor. */
    required: Env['REQUIRE_MFA'];
    totpIssuer: string;
    backupCodes: number;
    /** For how long a login waits for its second factor. */
    tokenSeconds: number;
  }>;
  readonly socialLogin: Readonly<SocialLoginConfig>;
  readonly passwordMinScore: number;
  readonly passwordContextWords: readonly string[];
  readonly argon2: Readonly<{ memoryKib: number; timeCost: number }>;
  readonly cpuPool: Readonly<{ size: number; queueLimit: number }>;
  readonly admin: Readonly<{ email: string; password: string | undefined }>;
  readonly seedDemoAccounts: boolean;
  /** Domains in punycode; none: all may register. */
  readonly registration: Readonly<{ mode: Env['REGISTRATION']; domains: readonly string[] }>;
  readonly metrics: Readonly<{ host: string; port: number }>;
  readonly sentryDsn: string | undefined;
  readonly backup: Readonly<BackupConfig>;
  readonly auditRetentionDays: number;
  readonly mail: Readonly<MailConfig>;
  /** The operator's own database of places; undefined: the embedded one. */
  readonly geoipDbPath: string | undefined;

  constructor(
    env: Env,
    readonly database: Readonly<DatabaseUrls>,
    readonly secrets: Readonly<Secrets>,
    /** Where pg_dump and pg_restore are looked for, besides the usual folders. */
    readonly programs: Readonly<ProgramFolders> = {},
    /** Where the database's files lie, if that is on this machine. */
    readonly databaseFolder?: string,
    /** Where what the service makes for itself is kept. */
    dataDir = path.resolve(env.DATA_DIR ?? DEFAULT_DATA_DIR),
  ) {
    this.environment = env.NODE_ENV;
    this.host = env.HOST;
    this.port = env.PORT;
    this.publicUrl = env.PUBLIC_URL ?? `http://localhost:${env.PORT}`;
    this.allowedHosts = [new URL(this.publicUrl).hostname, ...env.ALLOWED_HOSTS];
    this.trustedProxies = env.TRUSTED_PROXIES;
    this.trustedClientNetworks = env.TRUSTED_CLIENT_NETWORKS;
    this.limits = limitsOf(env);
    this.lockouts = lockoutsOf(env);
    this.redis = { url: env.REDIS_URL, required: env.REDIS_REQUIRED };
    this.corsOrigins = env.CORS_ORIGINS;
    this.docsEnabled = env.DOCS_ENABLED;
    this.logLevel = env.LOG_LEVEL;
    this.databasePoolSize = env.DB_POOL_SIZE;
    this.accessTokenSeconds = env.ACCESS_TOKEN_EXPIRE_MINUTES * 60;
    this.sessions = {
      idleSeconds: env.REFRESH_TOKEN_EXPIRE_DAYS * 86_400,
      absoluteSeconds: env.SESSION_ABSOLUTE_DAYS * 86_400,
      policy: env.SESSION_POLICY,
    };
    this.passwordResetSeconds = env.PASSWORD_RESET_EXPIRE_MINUTES * 60;
    this.mfa = {
      required: env.REQUIRE_MFA,
      totpIssuer: env.MFA_TOTP_ISSUER,
      backupCodes: env.MFA_BACKUP_CODES_COUNT,
      tokenSeconds: env.MFA_TOKEN_EXPIRE_MINUTES * 60,
    };
    this.socialLogin = socialLoginConfig(env);
    this.passwordMinScore = env.PASSWORD_MIN_SCORE;
    this.passwordContextWords = env.PASSWORD_CONTEXT_WORDS;
    this.argon2 = { memoryKib: env.ARGON2_MEMORY_KIB, timeCost: env.ARGON2_TIME_COST };
    this.cpuPool = {
      size: env.CPU_POOL_SIZE || Math.max(1, availableParallelism() - 1),
      queueLimit: env.CPU_QUEUE_LIMIT,
    };
    this.admin = { email: env.ADMIN_EMAIL, password: env.ADMIN_PASSWORD };
    this.seedDemoAccounts = env.SEED_DEMO_ACCOUNTS;
    this.registration = { mode: env.REGISTRATION, domains: env.REGISTRATION_DOMAINS };
    this.metrics = { host: env.METRICS_HOST, port: env.METRICS_PORT };
    this.sentryDsn = env.SENTRY_DSN;
    this.backup = backupConfig(env);
    this.auditRetentionDays = env.AUDIT_RETENTION_DAYS;
    this.mail = mailConfig(env, this.publicUrl, dataDir);
    this.geoipDbPath = env.GEOIP_DB_PATH;
    Object.freeze(this);
  }
}

/** Of passwords until one is strong enough, and of what else one may get wrong on the way. */
const TRIES_PER_SIGNUP = 6;

function limitsOf(env: Env): Record<LimitName, number> {
  const signups = env.RL_SIGNUP_IP_LIMIT ?? (env.NODE_ENV === 'production' ? 5 : 100);
  return {
    'api-address': env.RL_API_LIMIT,
    'api-user': env.RL_API_LIMIT,
    'signup-address': signups,
    'estimates-address': TRIES_PER_SIGNUP * signups,
    'estimates-user': TRIES_PER_SIGNUP * signups,
    'refusals-address': TRIES_PER_SIGNUP * signups,
    'rename-user': env.RL_RENAME_USER_LIMIT,
    'refresh-user': env.RL_REFRESH_USER_LIMIT,
    'reset-address': env.RL_RESET_IP_LIMIT,
    'reset-email': env.RL_RESET_EMAIL_LIMIT,
    'codes-user': env.RL_RESET_EMAIL_LIMIT,
    'codes-email': env.RL_RESET_EMAIL_LIMIT,
  };
}

function lockoutsOf(env: Env): LockoutConfig {
  return {
    identifier: {
      rateLimit: env.RL_LOGIN_EMAIL_LIMIT,
      threshold: env.LOGIN_FAIL_EMAIL_THRESHOLD,
      lockSeconds: env.EMAIL_LOCK_TTL,
    },
    address: {
      rateLimit: env.RL_LOGIN_IP_LIMIT,
      threshold: env.LOGIN_FAIL_IP_THRESHOLD,
      lockSeconds: env.IP_LOCK_TTL,
      maxLockSeconds: env.IP_LOCK_ESCALATION
        ? Math.max(env.IP_LOCK_TTL, env.IP_LOCK_MAX_TTL)
        : env.IP_LOCK_TTL,
    },
    suspendSeconds: env.LOGIN_SUSPEND_TTL,
  };
}

function mailConfig(env: Env, publicUrl: string, dataDir: string): MailConfig {
  const mode = env.MAIL_URL !== undefined ? 'smtp' : env.MAIL_DISABLED ? 'disabled' : 'mailbox';
  return {
    mode,
    url: mode === 'smtp' ? env.MAIL_URL : undefined,
    from: env.MAIL_FROM ?? `MC101 <mc101@${new URL(publicUrl).hostname}>`,
    mailboxDir: path.join(dataDir, 'mail'),
  };
}

/** What is configured of backups, which some commands ask for where there is no database. */
export function backupConfig(env: Env): BackupConfig {
  return {
    dir: path.resolve(env.BACKUP_DIR ?? DEFAULT_BACKUP_DIR),
    cron: env.BACKUP_CRON === 'off' ? undefined : env.BACKUP_CRON,
    retentionDays: env.BACKUP_RETENTION_DAYS,
    keep: {
      daily: env.BACKUP_KEEP_DAILY,
      weekly: env.BACKUP_KEEP_WEEKLY,
      monthly: env.BACKUP_KEEP_MONTHLY,
    },
    verify: env.BACKUP_VERIFY,
    verifyDailyAboveBytes: env.BACKUP_VERIFY_DAILY_ABOVE_MB * 1_000_000,
    beforeMigration: env.BACKUP_BEFORE_MIGRATION,
  };
}

/** Where the configured database is, or undefined when the embedded one is to be used. */
export function externalDatabase(env: Env): DatabaseUrls | undefined {
  const app = env.DATABASE_URL ?? urlFromParts(env);
  if (app === undefined) return undefined;
  const owner = env.DATABASE_OWNER_URL ?? app;
  return { app, owner, direct: env.DATABASE_DIRECT_URL ?? owner };
}

function urlFromParts(env: Env): string | undefined {
  if (env.POSTGRES_HOST === undefined) return undefined;
  const user = encodeURIComponent(env.POSTGRES_USER);
  const password = env.POSTGRES_PASSWORD === undefined ? '' : `:${encodeURIComponent(env.POSTGRES_PASSWORD)}`;
  const database = encodeURIComponent(env.POSTGRES_DB);
  // As for psql: a folder is where the Unix socket lies.
  return env.POSTGRES_HOST.startsWith('/')
    ? `postgresql://${user}${password}@/${database}?host=${encodeURIComponent(env.POSTGRES_HOST)}&port=${env.POSTGRES_PORT}`
    : `postgresql://${user}${password}@${env.POSTGRES_HOST}:${env.POSTGRES_PORT}/${database}`;
}
