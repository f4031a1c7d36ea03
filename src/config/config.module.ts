import { Module, type DynamicModule } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { DatabaseReplacement } from '../common/database-replacement.js';
import { BoundedPool } from '../common/bounded-pool.js';
import { ReadinessChecks } from '../common/readiness/readiness-checks.js';
import { AppConfig } from './app-config.js';

/** Hands the configuration, the clock and the pool for CPU-heavy work to every module. */
@Module({})
export class ConfigModule {
  static forRoot(config: AppConfig): DynamicModule {
    return {
      module: ConfigModule,
      global: true,
      providers: [
        { provide: AppConfig, useValue: config },
        { provide: BoundedPool, useValue: new BoundedPool(config.cpuPool.size, config.cpuPool.queueLimit) },
        Clock,
        DatabaseReplacement,
        ReadinessChecks,
      ],
      exports: [AppConfig, BoundedPool, Clock, DatabaseReplacement, ReadinessChecks],
    };
  }
}
