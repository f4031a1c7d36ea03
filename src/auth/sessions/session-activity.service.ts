import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { SessionsRepository } from './sessions.repository.js';

const FLUSH_AFTER_MS = 15_000;
const BATCH = 1_000;

/** Remembers which sessions were seen, and writes it down now and then: no request waits for it. */
@Injectable()
export class SessionActivity implements OnModuleDestroy {
  private readonly logger = new Logger('auth');
  private seen = new Set<string>();
  private timer: NodeJS.Timeout | undefined;
  private flushing = Promise.resolve();

  constructor(private readonly sessions: SessionsRepository) {}

  note(sessionId: string): void {
    this.seen.add(sessionId);
    this.timer ??= setTimeout(() => void this.flush(), FLUSH_AFTER_MS).unref();
  }

  /** Writes down what was noted; a failure is logged, and costs a session nothing but a time of day. */
  flush(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    const ids = [...this.seen];
    this.seen = new Set();
    return (this.flushing = this.flushing.then(() => this.write(ids)));
  }

  onModuleDestroy(): Promise<void> {
    return this.flush();
  }

  private async write(ids: string[]): Promise<void> {
    try {
      for (let from = 0; from < ids.length; from += BATCH)
        await this.sessions.markSeen(ids.slice(from, from + BATCH));
    } catch (error) {
      this.logger.warn(
        { event_type: 'session_activity_lost', err: error },
        'when sessions were last seen could not be written down',
      );
    }
  }
}
