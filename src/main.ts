import 'reflect-metadata';
import { setTimeout as delay } from 'node:timers/promises';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createApp } from './app.setup.js';
import { AdminAccountsService, type AdminAccount } from './auth/admin-accounts.service.js';
import { WeakPasswordError } from './auth/auth.errors.js';
import { backupAroundUpgrade } from './backup/backup-around-upgrade.js';
import { BackupSchedule } from './backup/backup-schedule.service.js';
import { renderBanner } from './banner.js';
import { ErrorReports } from './common/error-reporting/error-reports.js';
import { Draining } from './common/http/draining.js';
import { createLogger } from './common/logging/logger.js';
import { Metrics } from './common/metrics/metrics.js';
import type { MetricsServer } from './common/metrics/metrics-server.js';
import { loadEnvFile } from './config/env-file.js';
import { isSet, parseEnv } from './config/parse-env.js';
import { crash } from './crash.js';
import { StartupError } from './database/embedded/startup-error.js';
import { migrate } from './database/migrate.js';
import { refuseOpenDemoAccounts } from './demo/demo-accounts.js';
import { seedDemo } from './demo/seed-demo.js';
import { announceFirstAdmin } from './first-admin.js';
import { hasTerminal } from './has-terminal.js';
import { openMetrics } from './open-metrics.js';
import { explainStartupFailure } from './startup-failure.js';
import { KeyExportService } from './keys/recovery/key-export.service.js';
import { openSurroundings, type Surroundings } from './surroundings.js';

const DRAIN_LIMIT_MS = 10_000;
/** For the modules: jobs, reports on their way, connections to the database. */
const CLOSE_LIMIT_MS = 5_000;

/** A Ctrl-C comes twice where npm passes on what the terminal has told this process already. */
const SAME_SIGNAL_WITHIN_MS = 1_000;

let opening: Promise<Surroundings> | undefined;
let surroundings: Surroundings | undefined;
let app: NestFastifyApplication | undefined;
let metricsServer: MetricsServer | undefined;
/** What nobody has been told yet about the first admin: the database has it now, and it cannot be told again. */
let untold: string[] = [];
const upgrade = new AbortController();
let stoppingSince: number | undefined;

async function start(): Promise<void> {
  const envFile = loadEnvFile();
  if (envFile !== undefined) say(`Configuration from ${envFile}`);
  const env = parseEnv(process.env);
  opening = openSurroundings(env, 'service', process.env['PATH'], say);
  surroundings = await opening;
  if (stoppingSince !== undefined) return;
  const { config } = surroundings;
  const migrated = await migrate(config.database, say, backupAroundUpgrade(config, say, upgrade.signal));
  if (migrated.length > 0)
    say(
      `The database schema is up to date (${migrated.length} ${migrated.length === 1 ? 'migration' : 'migrations'} ran).`,
    );
  say('Starting the service …');
  app = await createApp(config, createLogger(config.logLevel));
  const admin = await createFirstAdmin(app);
  untold = await announceFirstAdmin(admin, surroundings.dataDir, process.stdout.isTTY);
  if (config.environment === 'production') await refuseOpenDemoAccounts(app);
  const demo = config.seedDemoAccounts ? await seedDemo(app) : [];
  const { server, notes } = await openMetrics(
    app.get(Metrics),
    config.metrics,
    isSet('METRICS_PORT', process.env),
  );
  metricsServer = server;
  await app.listen(config.port, config.host);
  void app.get(BackupSchedule).begin();
  process.stdout.write(
    renderBanner({
      url: config.port === 0 ? await app.getUrl() : config.publicUrl,
      docsEnabled: config.docsEnabled,
      metricsUrl: metricsServer?.url,
      database: surroundings.database,
      dataDir: surroundings.dataDir,
      notes: [...surroundings.notes, ...notes, ...demo, ...(await app.get(KeyExportService).reminders())],
      firstAdmin: takeUntold(),
    }),
  );
}

async function createFirstAdmin(service: NestFastifyApplication): Promise<AdminAccount | undefined> {
  try {
    return await service.get(AdminAccountsService).createFirst();
  } catch (error) {
    throw error instanceof WeakPasswordError
      ? new StartupError(
          'ADMIN_PASSWORD is too easy to guess: choose a stronger one, or leave it out and get one.',
        )
      : error;
  }
}

function takeUntold(): string[] {
  const lines = untold;
  untold = [];
  return lines;
}

/** Lets requests in flight finish, then stops the database that this process started. */
async function stop(signal: string): Promise<void> {
  if (stoppingSince !== undefined) {
    if (performance.now() - stoppingSince < SAME_SIGNAL_WITHIN_MS) return;
    say('Stopping at once.');
    process.exit(1);
  }
  stoppingSince = performance.now();
  upgrade.abort(new Error('The service was stopped before the upgrade had begun.'));
  takeUntold().forEach(say);
  say(`${signal}: stopping …`);
  setTimeout(() => process.exit(1), DRAIN_LIMIT_MS * 2).unref();
  try {
    // Before the modules are told: what is being answered still needs them.
    const drained = (await app?.get(Draining).drain(DRAIN_LIMIT_MS)) ?? true;
    if (!drained) say(`Requests were still in flight after ${DRAIN_LIMIT_MS / 1000} s; they are cut off.`);
    await Promise.race([app?.close(), delay(CLOSE_LIMIT_MS)]);
  } finally {
    await metricsServer?.close();
    // Also a database that is only just being started: it would outlive this process.
    await (await opening?.catch(() => undefined))?.stop();
  }
  say('Stopped.');
  process.exit(0);
}

function say(message: string): void {
  process.stdout.write(`${message}\n`);
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    if (signal === 'SIGHUP' && !hasTerminal()) return;
    stop(signal).catch((error: unknown) => {
      process.stderr.write(`${String(error)}\n`);
      process.exit(1);
    });
  });
}

// Promises that nobody handles arrive here too.
process.on('uncaughtException', (error) => {
  void crash(error, app?.get(ErrorReports));
});

start().catch(async (error: unknown) => {
  // Whatever fails now fails because the database is being stopped.
  if (stoppingSince !== undefined) return;
  takeUntold().forEach(say);
  const address = surroundings?.config ?? { host: '', port: 0 };
  process.stderr.write(`\n${explainStartupFailure(error, address, surroundings?.database ?? 'database')}\n`);
  await app?.close().catch(() => undefined);
  await metricsServer?.close();
  await surroundings?.stop().catch(() => undefined);
  process.exit(1);
});
