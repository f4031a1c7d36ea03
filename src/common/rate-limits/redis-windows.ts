import type { LimitStorage, WindowOf, WindowState } from './limit-storage.js';
import type { RedisConnection } from './redis-connection.js';
import { TAKE } from './redis-scripts.js';

const MICROSECONDS = 1_000;

/** Windows that all processes of the service share. Fails when Redis does. */
export class RedisWindows implements LimitStorage {
  constructor(
    private readonly connection: RedisConnection,
    /** Before every key: one Redis may serve several services. */
    private readonly prefix: string,
  ) {}

  async take({ key, limit, windowMs }: WindowOf, count: number): Promise<WindowState> {
    const answer = await this.connection.run(TAKE, this.prefix + key, [
      limit,
      windowMs * MICROSECONDS,
      count,
    ]);
    const [allowed, used, oldest, fits, takenAt] = answer as [number, number, number, number, number];
    return {
      allowed: allowed === 1,
      used,
      oldestLeavesInMs: oldest / MICROSECONDS,
      fitsInMs: fits / MICROSECONDS,
      takenAt,
    };
  }

  async giveBack(key: string, takenAt: number, count: number): Promise<void> {
    await this.connection.removeFromList(this.prefix + key, String(takenAt), count);
  }

  async forget(key: string): Promise<void> {
    await this.connection.remove(this.prefix + key);
  }
}
