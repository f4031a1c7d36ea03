import { access, mkdir } from 'node:fs/promises';
import path from 'node:path';
import {
  AppConfig,
  DEFAULT_DATA_DIR,
  externalDatabase,
  type DatabaseUrls,
  type Secrets,
} from './config/app-config.js';
import type { Env } from './config/env.schema.js';
import { parsePostgresUrl } from './config/postgres-url.js';
import { parseKeyRing } from './crypto/parse-key-ring.js';
import type { EmbeddedDatabase } from './database/embedded/bring-up.js';
import { findDataFolder } from './database/embedded/data-folder.js';
import { startEmbeddedDatabase } from './database/embedded/embedded-database.js';
import { openEmbeddedDatabaseForCommand } from './database/embedded/open-for-cli.js';
import { ensureSecrets, secretsFile } from './database/embedded/secrets-file.js';
import { StartupError } from './database/embedded/startup-error.js';

/** What the service stands on: a configuration that is complete, and the database behind it. */
export interface Surroundings {
  config: AppConfig;
  /** Where the generated secrets and, if it is embedded, the database lie. */
  dataDir: string;
  /** For the banner: which database it is. */
  database: string;
  /** Sentences for the banner. */
  notes: string[];
  stop: () => Promise<void>;
}

const KEY_RINGS = ['JWT_SECRET_KEY', 'TOKEN_PEPPER', 'APP_ENCRYPTION_KEY', 'LOG_SIGNING_KEY'] as const;

type Purpose = 'service' | 'command';

/**
 * Finds or starts the database and completes the configuration with its addresses and, outside production, with the
 * secrets that were generated on the first start.
 * @param purpose `service` holds the data folder for itself; `command` also works beside a running service.
 * @param searchPath PATH, where a local PostgreSQL may be found
 * @throws StartupError
 * @throws KeyRingInvalidError
 */
export async function openSurroundings(
  env: Env,
  purpose: Purpose,
  searchPath: string | undefined,
  onProgress: (message: string) => void,
): Promise<Surroundings> {
  // What cannot be read as keys is said before a database is made for it.
  for (const name of KEY_RINGS) {
    if (env[name] !== undefined) parseKeyRing(name, env[name]);
  }
  const external = externalDatabase(env);
  return external
    ? useExternal(env, external, searchPath)
    : useEmbedded(env, purpose, searchPath, onProgress);
}

/** Where a start keeps or would keep its data, and whether one has been made there: then opening makes nothing anew. */
export async function findFormerStart(env: Env): Promise<{ dataDir: string; isThere: boolean }> {
  const dataDir = path.resolve(env.DATA_DIR ?? DEFAULT_DATA_DIR);
  if (!externalDatabase(env)) {
    const found = await findDataFolder({ dataDir, dataDirIsDefault: env.DATA_DIR === undefined });
    return { dataDir: found ?? dataDir, isThere: found !== undefined };
  }
  const isComplete = [env.JWT_SECRET_KEY, env.TOKEN_PEPPER, env.APP_ENCRYPTION_KEY].every(Boolean);
  const hasSecrets = await access(secretsFile(dataDir)).then(
    () => true,
    () => false,
  );
  return { dataDir, isThere: isComplete || hasSecrets };
}

async function useExternal(
  env: Env,
  urls: DatabaseUrls,
  searchPath: string | undefined,
): Promise<Surroundings> {
  const dataDir = path.resolve(env.DATA_DIR ?? DEFAULT_DATA_DIR);
  return {
    config: new AppConfig(env, urls, await completeSecrets(env, () => secretsIn(dataDir)), {
      pgBinDir: env.PG_BIN_DIR,
      searchPath,
    }),
    dataDir,
    database: `PostgreSQL at ${hostOf(urls.app)}`,
    notes: [],
    stop: () => Promise.resolve(),
  };
}

async function useEmbedded(
  env: Env,
  purpose: Purpose,
  searchPath: string | undefined,
  onProgress: (message: string) => void,
): Promise<Surroundings> {
  const open = purpose === 'service' ? startEmbeddedDatabase : openEmbeddedDatabaseForCommand;
  const embedded: EmbeddedDatabase = await open({
    dataDir: path.resolve(env.DATA_DIR ?? DEFAULT_DATA_DIR),
    dataDirIsDefault: env.DATA_DIR === undefined,
    pgBinDir: env.PG_BIN_DIR,
    searchPath,
    onProgress,
  });
  const urls = { app: embedded.appUrl, owner: embedded.ownerUrl, direct: embedded.ownerUrl };
  const secrets = await completeSecrets(env, () => Promise.resolve(embedded.secrets));
  return {
    config: new AppConfig(
      env,
      urls,
      secrets,
      { pgBinDir: env.PG_BIN_DIR, searchPath },
      embedded.dataDir,
      embedded.dataDir,
    ),
    dataDir: embedded.dataDir,
    database: `embedded PostgreSQL ${embedded.serverVersion}`,
    notes: embedded.notes,
    stop: () => embedded.stop(),
  };
}

/** What the environment gives wins; in production it gives all of them, which parseEnv has checked. */
async function completeSecrets(env: Env, generated: () => Promise<Secrets>): Promise<Secrets> {
  const { JWT_SECRET_KEY, TOKEN_PEPPER, APP_ENCRYPTION_KEY, LOG_SIGNING_KEY } = env;
  if (JWT_SECRET_KEY && TOKEN_PEPPER && APP_ENCRYPTION_KEY && LOG_SIGNING_KEY)
    return { JWT_SECRET_KEY, TOKEN_PEPPER, APP_ENCRYPTION_KEY, LOG_SIGNING_KEY };
  const kept = await generated();
  return {
    JWT_SECRET_KEY: JWT_SECRET_KEY ?? kept.JWT_SECRET_KEY,
    TOKEN_PEPPER: TOKEN_PEPPER ?? kept.TOKEN_PEPPER,
    APP_ENCRYPTION_KEY: APP_ENCRYPTION_KEY ?? kept.APP_ENCRYPTION_KEY,
    LOG_SIGNING_KEY: LOG_SIGNING_KEY ?? kept.LOG_SIGNING_KEY,
  };
}

async function secretsIn(dataDir: string) {
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new StartupError(
      `The data folder ${dataDir} cannot be made (${(error as NodeJS.ErrnoException).code ?? 'unknown error'}): make it writable, or set DATA_DIR.`,
    );
  }
  return ensureSecrets(dataDir);
}

/** Host, port and database of a URL; never its user or password. */
function hostOf(url: string): string {
  const { hostname, port, pathname, searchParams } = parsePostgresUrl(url);
  return `${searchParams.get('host') ?? `${hostname}:${port || '5432'}`}${pathname}`;
}
