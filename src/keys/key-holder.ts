import type { EntityManager } from 'typeorm';
import type { KeyRing } from '../crypto/key-ring.js';

/** A table whose rows hold keys that the ring wraps. Each module registers its own with KeysService. */
export interface KeyHolder {
  /** For progress and messages, for example `notes`. */
  readonly what: string;
  /** The ids of the ring entries that rows need. */
  keyIdsInUse(): Promise<string[]>;
  /**
   * Wraps up to `limit` rows of other ids again under `ring.current`, skipping rows that another process has locked.
   * @param manager of the transaction of this batch, in which it is recorded too
   * @returns how many rows were rewrapped; 0 means there are none left.
   */
  rewrapBatch(ring: KeyRing, limit: number, manager: EntityManager): Promise<number>;
}
