import { availableParallelism } from 'node:os';
import path from 'node:path';
import type { Env } from './env.schema.js';

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
  /** Generated with the data folder; absent where every secret comes from the environment. */
  LOG_SIGNING_KEY?: string;
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

/** Beside package.json, from wherever the service is started. */
const DEFAULT_BACKUP_DIR = path.resolve(import.meta.dirname, '..', '..', 'backups');

/** Everything the running service may know of its surroundings. Made once at start, frozen, injected. */
export class AppConfig {
  readonly environment: Env['NODE_ENV'];
  readonly host: string;
  readonly port: number;
  readonly publicUrl: string;
  readonly trustedProxies: readonly string[];
  readonly corsOrigins: readonly string[];
  readonly docsEnabled: boolean;
  readonly logLevel: Env['LOG_LEVEL'];
  readonly databasePoolSize: number;
  readonly accessTokenSeconds: number;
  readonly sessionSeconds: number;
  readonly passwordMinScore: number;
  readonly argon2: Readonly<{ memoryKib: number; timeCost: number }>;
  readonly cpuPool: Readonly<{ size: number; queueLimit: number }>;
  readonly admin: Readonly<{ email: string; password: string | undefined }>;
  readonly seedDemoAccounts: boolean;
  readonly metrics: Readonly<{ host: string; port: number }>;
  readonly sentryDsn: string | undefined;
  readonly backup: Readonly<BackupConfig>;

  constructor(
    env: Env,
    readonly database: Readonly<DatabaseUrls>,
    readonly secrets: Readonly<Secrets>,
    /** Where pg_dump and pg_restore are looked for, besides the usual folders. */
    readonly programs: Readonly<ProgramFolders> = {},
    /** Where the database's files lie, if that is on this machine. */
    readonly databaseFolder?: string,
  ) {
    this.environment = env.NODE_ENV;
    this.host = env.HOST;
    this.port = env.PORT;
    this.publicUrl = env.PUBLIC_URL ?? `http://localhost:${env.PORT}`;
    this.trustedProxies = env.TRUSTED_PROXIES;
    this.corsOrigins = env.CORS_ORIGINS;
    this.docsEnabled = env.DOCS_ENABLED;
    this.logLevel = env.LOG_LEVEL;
    this.databasePoolSize = env.DB_POOL_SIZE;
    this.accessTokenSeconds = env.ACCESS_TOKEN_EXPIRE_MINUTES * 60;
    this.sessionSeconds = env.REFRESH_TOKEN_EXPIRE_DAYS * 86_400;
    this.passwordMinScore = env.PASSWORD_MIN_SCORE;
    this.argon2 = { memoryKib: env.ARGON2_MEMORY_KIB, timeCost: env.ARGON2_TIME_COST };
    this.cpuPool = {
      size: env.CPU_POOL_SIZE || Math.max(1, availableParallelism() - 1),
      queueLimit: env.CPU_QUEUE_LIMIT,
    };
    this.admin = { email: env.ADMIN_EMAIL, password: env.ADMIN_PASSWORD };
    this.seedDemoAccounts = env.SEED_DEMO_ACCOUNTS;
    this.metrics = { host: env.METRICS_HOST, port: env.METRICS_PORT };
    this.sentryDsn = env.SENTRY_DSN;
    this.backup = backupConfig(env);
    Object.freeze(this);
  }
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
