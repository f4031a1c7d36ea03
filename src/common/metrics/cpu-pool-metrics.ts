import { Injectable } from '@nestjs/common';
import { BoundedPool } from '../bounded-pool.js';
import { Metrics } from './metrics.js';

/** Shows how much CPU-heavy work (password hashes, key derivations) runs and waits. */
@Injectable()
export class CpuPoolMetrics {
  constructor(metrics: Metrics, pool: BoundedPool) {
    metrics.reading('mc101_cpu_pool_running', 'CPU-heavy jobs that run.', () => pool.running);
    metrics.reading('mc101_cpu_pool_queued', 'CPU-heavy jobs that wait.', () => pool.queued);
    metrics.reading(
      'mc101_cpu_pool_queue_limit',
      'CPU-heavy jobs that may wait; past it 503 BUSY.',
      () => pool.queueLimit,
    );
  }
}
