import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AppModule } from '../app.module.js';
import { backupAroundUpgrade } from '../backup/backup-around-upgrade.js';
import { PinoNestLogger, createLogger } from '../common/logging/logger.js';
import { commandOrigin } from '../common/logging/origin.js';
import type { AppConfig } from '../config/app-config.js';
import type { Env } from '../config/env.schema.js';
import { migrate } from '../database/migrate.js';
import { openSurroundings } from '../surroundings.js';
import { STOP_LIMITS_MS } from '../stop-stages.js';
import { Interruption } from './interruption.js';

/** Runs a command's work on the service's own modules and database, and puts everything away afterwards, also on a signal. */
export type RunWithService = (work: (service: INestApplicationContext) => Promise<void>) => Promise<void>;

export function withService(readEnv: () => Env, searchPath: string | undefined): RunWithService {
  return async (work) => {
    const env = readEnv();
    const stopped = new AbortController();
    const interruption = new Interruption((signal) => {
      report(`${signal}: stopping …`);
      stopped.abort(new Error(`Interrupted by ${signal}.`));
    });
    try {
      // Not cut short: a database that is only just being started would outlive this process.
      const surroundings = await openSurroundings(env, 'command', searchPath, report);
      try {
        const { config } = surroundings;
        const hooks = backupAroundUpgrade(config, report, stopped.signal);
        stopped.signal.throwIfAborted();
        await interruption.orUndone(() => migrate(config.database, report, hooks), STOP_LIMITS_MS.start);
        const service = await openService(config);
        try {
          await interruption.orElse(() => commandOrigin.run('cli', () => work(service)));
        } finally {
          await service.close();
        }
      } finally {
        await surroundings.stop();
      }
    } finally {
      interruption.end();
    }
  };
}

function openService(config: AppConfig): Promise<INestApplicationContext> {
  return NestFactory.createApplicationContext(AppModule.forRoot(config), {
    logger: new PinoNestLogger(createLogger('error')),
    abortOnError: false,
  });
}

/** Progress goes to stderr, so that stdout is the command's answer alone. */
export function report(message: string): void {
  process.stderr.write(`${message}\n`);
}

export function answer(message: string): void {
  process.stdout.write(`${message}\n`);
}
