import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';

interface KeyHooks {
  /** The keys stand in a recovery file now; inside the transaction that notes it. */
  exported: (manager: EntityManager, keyIds: readonly string[]) => Promise<void>;
  /** Everything is wrapped under this key. */
  rotated: (keyId: string, rows: number) => Promise<void>;
}

/** Lets higher modules take part in what happens to keys. */
@Injectable()
export class KeyEvents {
  private readonly hooks: { [E in keyof KeyHooks]: KeyHooks[E][] } = { exported: [], rotated: [] };

  on<E extends keyof KeyHooks>(event: E, hook: KeyHooks[E]): void {
    this.hooks[event].push(hook);
  }

  async exported(manager: EntityManager, keyIds: readonly string[]): Promise<void> {
    for (const hook of this.hooks.exported) await hook(manager, keyIds);
  }

  async rotated(keyId: string, rows: number): Promise<void> {
    for (const hook of this.hooks.rotated) await hook(keyId, rows);
  }
}
