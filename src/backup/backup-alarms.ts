import { Injectable } from '@nestjs/common';

interface AlarmHooks {
  /** A run failed. */
  failed: (why: string) => Promise<void>;
  /** A run succeeded after one that failed. */
  recovered: () => Promise<void>;
  /** A run succeeded with a file much smaller than the one before. */
  shrunk: (bytes: number, before: number) => Promise<void>;
}

/** Lets other modules tell people what happens to backups. */
@Injectable()
export class BackupAlarms {
  private readonly hooks: { [E in keyof AlarmHooks]: AlarmHooks[E][] } = {
    failed: [],
    recovered: [],
    shrunk: [],
  };

  on<E extends keyof AlarmHooks>(event: E, hook: AlarmHooks[E]): void {
    this.hooks[event].push(hook);
  }

  async failed(why: string): Promise<void> {
    for (const hook of this.hooks.failed) await hook(why);
  }

  async recovered(): Promise<void> {
    for (const hook of this.hooks.recovered) await hook();
  }

  async shrunk(bytes: number, before: number): Promise<void> {
    for (const hook of this.hooks.shrunk) await hook(bytes, before);
  }
}
