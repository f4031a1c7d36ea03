import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Metrics } from '../common/metrics/metrics.js';
import { AppConfig } from '../config/app-config.js';
import { poolOf } from './prepared.js';

/** Shows how the connections to the database are used, and who waits for one. */
@Injectable()
export class PoolMetrics {
  constructor(metrics: Metrics, dataSource: DataSource, config: AppConfig) {
    const pool = poolOf(dataSource);
    metrics.reading(
      'mc101_database_pool_connections',
      'Open connections to the database.',
      () => pool.totalCount,
    );
    metrics.reading('mc101_database_pool_idle', 'Open connections that nobody uses.', () => pool.idleCount);
    metrics.reading('mc101_database_pool_waiting', 'Who waits for a connection.', () =>
      // With an unused connection one only waits for the next turn of the event loop.
      Math.max(0, pool.waitingCount - pool.idleCount),
    );
    metrics.reading(
      'mc101_database_pool_limit',
      'Connections that may be open (DB_POOL_SIZE).',
      () => config.databasePoolSize,
    );
  }
}
