import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';

export interface RewrappedBatch {
  /** The id of the key that they are wrapped under now. */
  readonly key: string;
  /** For example `user keys`. */
  readonly what: string;
  readonly rows: number;
}

export interface RingChange {
  /** The name of the variable. */
  readonly ring: string;
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** Ids under which another key stands now. */
  readonly replaced: readonly string[];
  /** The id of the key that writes now. */
  readonly writes: string;
}

interface KeyHooks {
  /** The keys stand in a recovery file now; inside the transaction that notes it. */
  exported: (manager: EntityManager, keyIds: readonly string[]) => Promise<void>;
  /** Rows were rewrapped; inside the transaction that does it. */
  rotated: (manager: EntityManager, batch: RewrappedBatch) => Promise<void>;
  /** A ring of token keys is not what it was at the last start; inside the transaction that notes it. */
  ringChanged: (manager: EntityManager, change: RingChange) => Promise<void>;
}

/** Lets higher modules take part in what happens to keys. */
@Injectable()
export class KeyEvents {
  private readonly hooks: { [E in keyof KeyHooks]: KeyHooks[E][] } = {
    exported: [],
    rotated: [],
    ringChanged: [],
  };

  on<E extends keyof KeyHooks>(event: E, hook: KeyHooks[E]): void {
    this.hooks[event].push(hook);
  }

  async exported(manager: EntityManager, keyIds: readonly string[]): Promise<void> {
    for (const hook of this.hooks.exported) await hook(manager, keyIds);
  }

  async rotated(manager: EntityManager, batch: RewrappedBatch): Promise<void> {
    for (const hook of this.hooks.rotated) await hook(manager, batch);
  }

  async ringChanged(manager: EntityManager, change: RingChange): Promise<void> {
    for (const hook of this.hooks.ringChanged) await hook(manager, change);
  }
}
