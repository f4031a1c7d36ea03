import { createHash } from 'node:crypto';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { AppConfig } from '../../config/app-config.js';
import { Clock } from '../clock.js';
import { Metrics } from '../metrics/metrics.js';
import { ReadinessChecks, type Finding } from '../readiness/readiness-checks.js';
import type { LimitStorage, WindowOf, WindowState } from './limit-storage.js';
import { RATE_LIMITS, type LimitName } from './limits.js';
import { MemoryWindows } from './memory-windows.js';
import { RedisConnection } from './redis-connection.js';
import { RedisWindows } from './redis-windows.js';

/** Where one limit's windows are: in Redis while it can be used, else here. */
interface Places {
  memory: MemoryWindows;
  redis: RedisWindows | undefined;
}

/**
 * Where the windows of each limit are kept: apart, so that a flood against one limit leaves the others alone. While
 * Redis cannot be used, this process counts by itself, from nothing.
 */
@Injectable()
export class LimitStorages implements OnApplicationShutdown {
  private readonly connection: RedisConnection | undefined;
  private readonly places: ReadonlyMap<LimitName, Places>;

  constructor(
    clock: Clock,
    private readonly config: AppConfig,
    checks: ReadinessChecks,
    metrics: Metrics,
  ) {
    const { url } = config.redis;
    this.connection = url === undefined ? undefined : new RedisConnection(url);
    // Two services that share a Redis both have a user 1.
    const service = createHash('sha256').update(config.publicUrl).digest('hex').slice(0, 12);
    this.places = new Map(
      (Object.keys(RATE_LIMITS) as LimitName[]).map((name) => [
        name,
        {
          memory: new MemoryWindows(clock),
          redis: this.connection && new RedisWindows(this.connection, `mc101:${service}:limit:${name}:`),
        },
      ]),
    );
    if (this.connection) checks.register('redis', () => this.look());
    metrics.reading('mc101_rate_limit_windows', 'Windows of limits that this process keeps.', () =>
      [...this.places.values()].reduce((sum, { memory }) => sum + memory.size, 0),
    );
  }

  /** Connects to Redis, where there is one. Until then, and in commands, this process counts by itself. */
  async begin(): Promise<void> {
    await this.connection?.begin();
  }

  /** Never fails: what Redis does not answer is counted here. @returns also where it was counted */
  async take(
    name: LimitName,
    window: WindowOf,
    count: number,
  ): Promise<WindowState & { storage: LimitStorage }> {
    const { memory, redis } = this.placesOf(name);
    if (redis && this.connection?.isUsable) {
      try {
        return { ...(await redis.take(window, count)), storage: redis };
      } catch {
        // The connection knows, and says so.
      }
    }
    return { ...(await memory.take(window, count)), storage: memory };
  }

  /** What Redis lost, or cannot be told now, runs out by itself. */
  async giveBack(storage: LimitStorage, key: string, takenAt: number, count: number): Promise<void> {
    await storage.giveBack(key, takenAt, count).catch(() => undefined);
  }

  async forget(name: LimitName, key: string): Promise<void> {
    const { memory, redis } = this.placesOf(name);
    await memory.forget(key);
    await redis?.forget(key).catch(() => undefined);
  }

  onApplicationShutdown(): void {
    this.connection?.end();
  }

  private placesOf(name: LimitName): Places {
    const places = this.places.get(name);
    if (!places) throw new Error(`There is no limit ${name}.`);
    return places;
  }

  private async look(): Promise<Finding> {
    if (await this.connection?.probe()) return { status: 'ok' };
    const reason = this.connection?.reason ?? '';
    return {
      status: this.config.redis.required ? 'down' : 'degraded',
      detail: `Redis cannot be used (${reason}): each process counts its limits by itself. Start Redis, or correct REDIS_URL.`,
    };
  }
}
