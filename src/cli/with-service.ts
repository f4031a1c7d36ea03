import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AppModule } from '../app.module.js';
import { PinoNestLogger, createLogger } from '../common/logging/logger.js';
import type { Env } from '../config/env.schema.js';
import { migrate } from '../database/migrate.js';
import { openSurroundings } from '../surroundings.js';

/** Runs a command's work on the service's own modules and database, and puts everything away afterwards. */
export type RunWithService = (work: (service: INestApplicationContext) => Promise<void>) => Promise<void>;

export function withService(readEnv: () => Env, searchPath: string | undefined): RunWithService {
  return async (work) => {
    const surroundings = await openSurroundings(readEnv(), 'command', searchPath, report);
    let service: INestApplicationContext | undefined;
    try {
      await migrate(surroundings.config.database, report);
      service = await NestFactory.createApplicationContext(AppModule.forRoot(surroundings.config), {
        logger: new PinoNestLogger(createLogger('error')),
        abortOnError: false,
      });
      await work(service);
    } finally {
      await service?.close();
      await surroundings.stop();
    }
  };
}

/** Progress goes to stderr, so that stdout is the command's answer alone. */
export function report(message: string): void {
  process.stderr.write(`${message}\n`);
}

export function answer(message: string): void {
  process.stdout.write(`${message}\n`);
}
