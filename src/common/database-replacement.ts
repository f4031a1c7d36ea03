import { Injectable } from '@nestjs/common';

/** Tells everybody who remembers what the database said that it is another database now, as after a restore. */
@Injectable()
export class DatabaseReplacement {
  private readonly forgetters: (() => void)[] = [];

  /** To be called from constructors. */
  register(forget: () => void): void {
    this.forgetters.push(forget);
  }

  announce(): void {
    for (const forget of this.forgetters) forget();
  }
}
