import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { AppModule } from '../app.module.js';
import { Clock } from '../common/clock.js';
import { PinoNestLogger, createLogger } from '../common/logging/logger.js';
import { withinTime } from '../common/within-time.js';
import { backupConfig, externalDatabase, type AppConfig, type DatabaseUrls } from '../config/app-config.js';
import { holdsSecret } from '../config/env-file.js';
import type { Env } from '../config/env.schema.js';
import { inspectEnv, secretFiles } from '../config/parse-env.js';
import type { RawEnv } from '../config/read-variable.js';
import { secretsFile } from '../database/embedded/secrets-file.js';
import { ReadinessService } from '../health/readiness.service.js';
import { explainStartupFailure } from '../startup-failure.js';
import { findFormerStart, openSurroundings, type Surroundings } from '../surroundings.js';
import type { Check, OpenedService, Patient, Reached, Unreached } from './check.js';
import { KNOWN_MIGRATIONS } from './checks/schema.js';
import { CHECKS } from './checks.js';
import { readDatabaseFacts, UnreachableError, type DatabaseFacts } from './database-facts.repository.js';
import { off, ok, problem, warning, type Finding } from './finding.js';
import { ask } from './probes/ask.js';
import { findOpenFiles } from './probes/open-files.js';
import type { Entry } from './report.js';

const CHECK_LIMIT_MS = 30_000;

export interface Examination {
  readonly raw: RawEnv;
  /** The .env that was read. */
  readonly envFile: string | undefined;
  /** PATH. */
  readonly searchPath: string | undefined;
  readonly onProgress: (message: string) => void;
  /** Does a step, unless somebody wants to stop: then it rejects, and everything is put away. */
  readonly unlessInterrupted: <T>(step: () => Promise<T>) => Promise<T>;
}

/**
 * Looks at everything that CHECKS lists, whatever state the installation is in, and changes nothing but that an embedded
 * database that is stopped runs meanwhile. What cannot be looked at is said, and the rest goes on.
 */
export async function examine(examination: Examination): Promise<Entry[]> {
  const { raw, envFile, unlessInterrupted } = examination;
  const clock = new Clock();
  const { env, problems } = inspectEnv(raw);
  const former = await findFormerStart(env);
  // Opening what is below closes secrets.json to others.
  const openFiles = await findOpenFiles([
    secretsFile(former.dataDir),
    ...(envFile !== undefined && holdsSecret(envFile) ? [envFile] : []),
    ...secretFiles(raw).map(({ file }) => file),
  ]);
  const surroundings =
    problems.length > 0
      ? UNFIT
      : former.isThere
        ? await open(env, examination)
        : neverStarted(former.dataDir);
  let service: Reached<OpenedService> | undefined;
  try {
    const urls = urlsOf(env, surroundings);
    const database = await unlessInterrupted(() => lookInto(urls, surroundings, clock));
    service = await unlessInterrupted(() => openService(surroundings, database));
    const directUrl = `http://${hostToAsk(env.HOST)}:${env.PORT}/`;
    const publicUrl = env.PUBLIC_URL ?? `http://localhost:${env.PORT}`;
    const [direct, published] = await unlessInterrupted(() =>
      Promise.all([ask(directUrl, clock), ask(`${publicUrl}/`, clock)]),
    );
    const patient: Patient = {
      clock,
      env,
      configProblems: problems,
      directUrl,
      publicUrl,
      dataDir: 'there' in surroundings ? surroundings.there.dataDir : former.dataDir,
      backupDir: backupConfig(env).dir,
      openFiles,
      config: 'there' in surroundings ? { there: surroundings.there.config } : surroundings,
      isEmbedded: externalDatabase(env) === undefined,
      database,
      service,
      direct,
      public: published,
    };
    const entries: Entry[] = [];
    for (const check of CHECKS) {
      const findings = await unlessInterrupted(() => lookWith(check, patient));
      entries.push(...findings.map((finding) => ({ check: check.name, ...finding })));
    }
    return entries;
  } finally {
    if (service && 'there' in service) await service.there.modules.close();
    if ('there' in surroundings) await surroundings.there.stop();
  }
}

const UNFIT: Unreached = {
  why: 'the configuration is not in order',
  finding: off('Not looked at: the configuration is not in order.'),
};

function neverStarted(dataDir: string): Unreached {
  return {
    why: 'the service has never been started here',
    finding: warning(
      `The service has never been started here: nothing of it is in ${dataDir}.`,
      'Start it (npm start). Where it has been, run this command as its user, with the same DATA_DIR and .env.',
    ),
  };
}

async function open(env: Env, { searchPath, onProgress }: Examination): Promise<Reached<Surroundings>> {
  try {
    // Not cut short: a database that is only just being started would outlive this process.
    return { there: await openSurroundings(env, 'command', searchPath, onProgress) };
  } catch (error) {
    return unreached(explain(error));
  }
}

function urlsOf(env: Env, surroundings: Reached<Surroundings>): DatabaseUrls | undefined {
  return 'there' in surroundings ? surroundings.there.config.database : externalDatabase(env);
}

async function lookInto(
  urls: DatabaseUrls | undefined,
  surroundings: Reached<Surroundings>,
  clock: Clock,
): Promise<Reached<DatabaseFacts>> {
  if (urls === undefined) return 'there' in surroundings ? UNFIT : surroundings;
  try {
    return { there: await readDatabaseFacts(urls, clock) };
  } catch (error) {
    return error instanceof UnreachableError
      ? unreached(`By ${error.variable}: ${explain(error.cause)}`)
      : unreached(explain(error));
  }
}

async function openService(
  surroundings: Reached<Surroundings>,
  database: Reached<DatabaseFacts>,
): Promise<Reached<OpenedService>> {
  if ('why' in database) return database;
  if ('why' in surroundings)
    return { why: surroundings.why, finding: ok('It can be reached; the service does not get as far.') };
  const { migrations } = database.there;
  const isReadable = migrations?.every((name) => KNOWN_MIGRATIONS.includes(name)) ?? false;
  if (!isReadable)
    return { why: 'its tables are not those of this version', finding: ok('It can be reached.') };
  try {
    const modules = await makeModules(surroundings.there.config);
    try {
      return { there: { modules, readiness: await modules.get(ReadinessService).inspect() } };
    } catch (error) {
      await modules.close();
      throw error;
    }
  } catch (error) {
    return unreached(explain(error));
  }
}

/** Made and not begun: no hook runs, so that nothing of the service's own start writes into the database. */
function makeModules(config: AppConfig): Promise<INestApplicationContext> {
  return NestFactory.create(AppModule.forRoot(config), new FastifyAdapter(), {
    logger: new PinoNestLogger(createLogger('silent')),
    abortOnError: false,
  });
}

function unreached(found: string): Unreached {
  return {
    why: 'the database cannot be reached',
    finding: problem(
      found,
      'Until it can be reached the service cannot work. Then run this command again: it sees more.',
    ),
  };
}

async function lookWith(check: Check, patient: Patient): Promise<readonly Finding[]> {
  const again = 'Run this command again, and look into the log of the service.';
  try {
    const findings = await withinTime(Promise.resolve(check.look(patient)), CHECK_LIMIT_MS);
    return findings ?? [warning('It took too long to find out.', again)];
  } catch (error) {
    return [warning(`It could not be found out: ${explain(error)}`, again)];
  }
}

/** A sentence where the cause is known; else what the error says of itself, without its stack. */
function explain(error: unknown): string {
  return explainStartupFailure(error, { host: '', port: 0 }, 'database').split('\n    at ')[0] ?? '';
}

/** Whoever listens everywhere listens on loopback too. */
function hostToAsk(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  const address = host === '::' ? '::1' : host;
  return address.includes(':') ? `[${address}]` : address;
}
