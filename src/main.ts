import 'reflect-metadata';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createApp } from './app.setup.js';
import { AuditRetention } from './audit/retention/audit-retention.service.js';
import { AuditSealer } from './audit/seals/audit-sealer.service.js';
import { AdminAccountsService, type AdminAccount } from './auth/admin-accounts.service.js';
import { WeakPasswordError } from './auth/auth.errors.js';
import { Places } from './auth/notices/places.js';
import { backupAroundUpgrade } from './backup/backup-around-upgrade.js';
import { BackupSchedule } from './backup/backup-schedule.service.js';
import { renderBanner } from './banner.js';
import { ErrorReports } from './common/error-reporting/error-reports.js';
import { Draining } from './common/http/draining.js';
import { createLogger } from './common/logging/logger.js';
import { MailWorker } from './mail/delivery/mail-worker.service.js';
import { Metrics } from './common/metrics/metrics.js';
import type { MetricsServer } from './common/metrics/metrics-server.js';
import { Sweeps } from './common/sweeps.js';
import { loadEnvFile } from './config/env-file.js';
import { externalDatabase } from './config/app-config.js';
import { isSet, parseEnv } from './config/parse-env.js';
import { crash } from './crash.js';
import { StartupError } from './database/embedded/startup-error.js';
import { STOPS_WITHIN_MILLISECONDS } from './database/embedded/stop-server.js';
import { migrate } from './database/migrate.js';
import { refuseOpenDemoAccounts } from './demo/demo-accounts.js';
import { seedDemo } from './demo/seed-demo.js';
import { announceFirstAdmin } from './first-admin.js';
import { hasTerminal } from './has-terminal.js';
import { openMetrics } from './open-metrics.js';
import { explainStartupFailure } from './startup-failure.js';
import { DRAIN_LIMIT_MS, STOP_LIMITS_MS, stopInStages, type StopStage } from './stop-stages.js';
import { KeyExportService } from './keys/recovery/key-export.service.js';
import { TokenKeyRingsService } from './keys/token-keys/token-key-rings.service.js';
import { openSurroundings, type Surroundings } from './surroundings.js';

/** An embedded database that is only just being started comes up first: cut off in that, it would outlive this process. */
const SERVER_STARTS_WITHIN_MS = 60_000;

/** A Ctrl-C comes twice where npm passes on what the terminal has told this process already. */
const SAME_SIGNAL_WITHIN_MS = 1_000;

let opening: Promise<Surroundings> | undefined;
let isEmbedded = false;
let surroundings: Surroundings | undefined;
let app: NestFastifyApplication | undefined;
let metricsServer: MetricsServer | undefined;
/** What nobody has been told yet about the first admin: the database has it now, and it cannot be told again. */
let untold: string[] = [];
const stopping = new AbortController();
let stoppingSince: number | undefined;

async function start(): Promise<void> {
  const envFile = loadEnvFile();
  if (envFile !== undefined) say(`Configuration from ${envFile}`);
  const env = parseEnv(process.env);
  isEmbedded = externalDatabase(env) === undefined;
  opening = openSurroundings(env, 'service', process.env['PATH'], say);
  surroundings = await opening;
  // A start that is stopped begins nothing more.
  stopping.signal.throwIfAborted();
  const { config } = surroundings;
  const migrated = await migrate(config.database, say, backupAroundUpgrade(config, say, stopping.signal));
  if (migrated.length > 0)
    say(
      `The database schema is up to date (${migrated.length} ${migrated.length === 1 ? 'migration' : 'migrations'} ran).`,
    );
  stopping.signal.throwIfAborted();
  say('Starting the service …');
  app = await createApp(config, createLogger(config.logLevel));
  stopping.signal.throwIfAborted();
  await app.get(Places).open();
  const admin = await createFirstAdmin(app);
  untold = await announceFirstAdmin(admin, surroundings.dataDir, process.stdout.isTTY);
  stopping.signal.throwIfAborted();
  if (config.environment === 'production') await refuseOpenDemoAccounts(app);
  stopping.signal.throwIfAborted();
  const demo = config.seedDemoAccounts ? await seedDemo(app) : [];
  stopping.signal.throwIfAborted();
  const { server, notes } = await openMetrics(
    app.get(Metrics),
    config.metrics,
    isSet('METRICS_PORT', process.env),
  );
  metricsServer = server;
  stopping.signal.throwIfAborted();
  await app.listen(config.port, config.host);
  stopping.signal.throwIfAborted();
  const reminders = await app.get(KeyExportService).reminders();
  stopping.signal.throwIfAborted();
  await app.get(AuditSealer).begin();
  await app.get(TokenKeyRingsService).compareAtStart();
  app.get(AuditRetention).begin();
  app.get(Sweeps).begin();
  await app.get(MailWorker).begin();
  stopping.signal.throwIfAborted();
  void app.get(BackupSchedule).begin();
  process.stdout.write(
    renderBanner({
      url: config.port === 0 ? await app.getUrl() : config.publicUrl,
      docsEnabled: config.docsEnabled,
      metricsUrl: metricsServer?.url,
      hasMailbox: config.mail.mode === 'mailbox',
      database: surroundings.database,
      dataDir: surroundings.dataDir,
      notes: [...surroundings.notes, ...notes, ...demo, ...reminders],
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

/** Undoes a start that is under way, lets requests in flight finish, then stops the database that this process started. */
async function stop(signal: string): Promise<void> {
  if (stoppingSince !== undefined) {
    if (performance.now() - stoppingSince < SAME_SIGNAL_WITHIN_MS) return;
    say('Stopping at once.');
    process.exit(1);
  }
  stoppingSince = performance.now();
  stopping.abort(new Error('The service was stopped before the upgrade had begun.'));
  takeUntold().forEach(say);
  say(`${signal}: stopping …`);
  await stopInStages(stopStages(), say);
  say('Stopped.');
  process.exit(0);
}

function stopStages(): StopStage[] {
  const { start: startLimit, requests, modules, metrics } = STOP_LIMITS_MS;
  const started = async () => {
    await starting;
    takeUntold().forEach(say);
  };
  const opened = () => opening?.catch(() => undefined) ?? Promise.resolve();
  const stages: StopStage[] = [
    { what: 'The start of the service', limitMs: startLimit, end: started },
    {
      what: 'Requests in flight',
      limitMs: requests,
      // Before the modules are told: what is being answered still needs them.
      end: async () => (await app?.get(Draining).drain(DRAIN_LIMIT_MS)) ?? true,
    },
    { what: 'Jobs and connections', limitMs: modules, end: async () => app?.close() },
    { what: 'Requests for metrics', limitMs: metrics, end: async () => metricsServer?.close() },
  ];
  if (!isEmbedded) return stages;
  return [
    { what: 'The start of the database', limitMs: SERVER_STARTS_WITHIN_MS, end: opened },
    ...stages,
    {
      what: 'The database',
      limitMs: STOPS_WITHIN_MILLISECONDS,
      end: async () => (await opened())?.stop(),
    },
  ];
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

const starting = start().catch(async (error: unknown) => {
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
