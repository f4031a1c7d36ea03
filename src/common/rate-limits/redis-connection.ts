import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { isError } from '../errors/is-error.js';
import { withinTime } from '../within-time.js';

/** A healthy Redis answers in less than one millisecond; nobody waits for any other. */
const ANSWERS_WITHIN_MS = 200;
const CONNECTS_WITHIN_MS = 1_000;
const TRIED_AGAIN_EVERY_MS = 500;

/** What Redis holds for this; also a test of whether it still takes anything. */
const PROBE_KEY = 'mc101:probe';

class RedisUnavailableError extends Error {}

/**
 * A connection that nobody has to wait for: whoever asks while Redis is gone is told so at once. One command that
 * fails or takes too long is enough to believe it gone; then it is tried again twice a second, apart from any request,
 * until it takes a value again.
 */
export class RedisConnection {
  private readonly logger = new Logger('redis');
  private redis: Redis | undefined;
  private usable = false;
  private ended = false;
  private problem = 'not connected yet';
  private retry: NodeJS.Timeout | undefined;
  private readonly digests = new Map<string, string>();

  constructor(private readonly url: string) {}

  get isUsable(): boolean {
    return this.usable;
  }

  /** Why it is not usable, without anything of its address. */
  get reason(): string {
    return this.problem;
  }

  /** Connects. When it returns, Redis is usable, or was not to be reached for now. */
  async begin(): Promise<void> {
    const { Redis } = await import('ioredis');
    this.redis = new Redis(this.url, {
      lazyConnect: true,
      // Nothing waits for a connection.
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      connectTimeout: CONNECTS_WITHIN_MS,
      // A timer of this length would keep the process alive, also for a connection that is closed already.
      disconnectTimeout: ANSWERS_WITHIN_MS,
      retryStrategy: () => TRIED_AGAIN_EVERY_MS,
      connectionName: 'mc101',
    });
    // Without a listener each of them would be printed.
    this.redis.on('error', (error: Error) => {
      this.fail(error);
    });
    this.redis.on('close', () => {
      this.fail(undefined);
    });
    this.redis.on('ready', () => void this.probe());
    const connected = this.redis.connect().catch((error: unknown) => {
      this.fail(error);
    });
    await withinTime(connected, CONNECTS_WITHIN_MS);
    await this.probe();
  }

  /** Runs a script on one key. @throws RedisUnavailableError at once while Redis is gone, and soon when it goes */
  async run(script: string, key: string, args: (string | number)[]): Promise<unknown> {
    return this.ask((redis) => this.evaluate(redis, script, key, args));
  }

  /** Takes out up to `count` of a list's entries that have this value, from its end. */
  async removeFromList(key: string, value: string, count: number): Promise<void> {
    await this.ask((redis) => redis.lrem(key, -count, value));
  }

  async remove(key: string): Promise<void> {
    await this.ask((redis) => redis.del(key));
  }

  /** Tries Redis now. @returns whether it takes values */
  async probe(): Promise<boolean> {
    if (!this.redis || this.ended) return false;
    try {
      await this.answered(this.redis.set(PROBE_KEY, '1', 'PX', 1_000));
      this.succeed();
    } catch (error) {
      // On a connection whose other end is gone without a word nothing would ever come.
      if (error instanceof RedisUnavailableError && this.redis.status === 'ready')
        this.redis.disconnect(true);
      this.fail(error);
    }
    return this.usable;
  }

  end(): void {
    this.ended = true;
    this.usable = false;
    clearTimeout(this.retry);
    this.redis?.disconnect();
  }

  private async ask<T>(command: (redis: Redis) => Promise<T>): Promise<T> {
    if (!this.redis || !this.usable) throw new RedisUnavailableError(this.problem);
    try {
      return await this.answered(command(this.redis));
    } catch (error) {
      this.fail(error);
      throw error;
    }
  }

  private async evaluate(redis: Redis, script: string, key: string, args: (string | number)[]) {
    try {
      return await redis.evalsha(this.digestOf(script), 1, key, ...args);
    } catch (error) {
      // Redis forgets scripts when it is started again.
      if (!isError(error) || !error.message.startsWith('NOSCRIPT')) throw error;
      return redis.eval(script, 1, key, ...args);
    }
  }

  private async answered<T>(answer: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        // The answer may lie there already, and only this process was too busy to read it.
        void setImmediate().then(() => {
          reject(new RedisUnavailableError('it takes too long to answer'));
        });
      }, ANSWERS_WITHIN_MS);
    });
    try {
      return await Promise.race([answer, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  private succeed(): void {
    if (this.usable || this.ended) return;
    this.usable = true;
    this.problem = '';
    this.logger.log({ event_type: 'limits_shared' }, 'Redis counts the limits of all processes together');
  }

  private fail(error: unknown): void {
    if (this.ended) return;
    const wasUsable = this.usable;
    this.usable = false;
    // That the connection is closed follows from whatever came first.
    const reason = reasonOf(error) ?? (wasUsable ? 'connection closed' : this.problem);
    this.problem = reason;
    if (wasUsable)
      this.logger.warn(
        { event_type: 'limits_not_shared', reason },
        'Redis cannot be used; each process counts by itself',
      );
    this.retry ??= setTimeout(() => {
      this.retry = undefined;
      void this.probe();
    }, TRIED_AGAIN_EVERY_MS).unref();
  }

  private digestOf(script: string): string {
    const known = this.digests.get(script);
    if (known !== undefined) return known;
    const digest = createHash('sha1').update(script).digest('hex');
    this.digests.set(script, digest);
    return digest;
  }
}

/** A system's or Redis's own code, or our own words: other messages may quote what was sent. */
function reasonOf(error: unknown): string | undefined {
  if (error instanceof RedisUnavailableError) return error.message;
  const { code, message } = isError(error)
    ? (error as Error & { code?: unknown })
    : { code: '', message: '' };
  if (typeof code === 'string' && code !== '') return code;
  return /^[A-Z]{3,}(?= )/.exec(message)?.[0];
}
