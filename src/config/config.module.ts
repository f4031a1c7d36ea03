import { Module, type DynamicModule } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { DatabaseReplacement } from '../common/database-replacement.js';
import { BoundedPool } from '../common/bounded-pool.js';
import { ErrorReports, openErrorReports } from '../common/error-reporting/error-reports.js';
import { Draining } from '../common/http/draining.js';
import { CpuPoolMetrics } from '../common/metrics/cpu-pool-metrics.js';
import { Metrics } from '../common/metrics/metrics.js';
import { LimitStorages } from '../common/rate-limits/limit-storages.js';
import { RateLimits } from '../common/rate-limits/rate-limits.js';
import { ReadinessChecks } from '../common/readiness/readiness-checks.js';
import { Sweeps } from '../common/sweeps.js';
import { AppConfig } from './app-config.js';

/** Hands the configuration, the clock, the pool for CPU-heavy work, limits, sweeps, metrics and error reports to every module. */
@Module({})
export class ConfigModule {
  static forRoot(config: AppConfig, metrics = new Metrics()): DynamicModule {
    return {
      module: ConfigModule,
      global: true,
      providers: [
        { provide: AppConfig, useValue: config },
        { provide: BoundedPool, useValue: new BoundedPool(config.cpuPool.size, config.cpuPool.queueLimit) },
        Clock,
        DatabaseReplacement,
        ReadinessChecks,
        { provide: Metrics, useValue: metrics },
        CpuPoolMetrics,
        LimitStorages,
        RateLimits,
        Draining,
        Sweeps,
        { provide: ErrorReports, inject: [AppConfig, Clock], useFactory: openErrorReports },
      ],
      exports: [
        AppConfig,
        BoundedPool,
        Clock,
        DatabaseReplacement,
        ReadinessChecks,
        Metrics,
        RateLimits,
        Draining,
        Sweeps,
        ErrorReports,
      ],
    };
  }
}
