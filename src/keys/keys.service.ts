import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { AppConfig } from '../config/app-config.js';
import { makeCanary, openCanary } from '../crypto/canary.js';
import { SealBrokenError } from '../crypto/crypto.errors.js';
import type { KeyRing } from '../crypto/key-ring.js';
import { parseKeyRing } from '../crypto/parse-key-ring.js';
import { KeyEvents } from './key-events.js';
import type { KeyHolder } from './key-holder.js';
import { KeyRingUnfitError } from './keys.errors.js';
import { KeysRepository } from './keys.repository.js';

const BATCH = 500;

/** Holds the ring of APP_ENCRYPTION_KEY, proves at boot that it fits the database, and rotates it. */
@Injectable()
export class KeysService implements OnApplicationBootstrap {
  readonly ring: KeyRing;
  private readonly holders: KeyHolder[] = [];

  constructor(
    private readonly repository: KeysRepository,
    private readonly events: KeyEvents,
    config: AppConfig,
  ) {
    this.ring = parseKeyRing('APP_ENCRYPTION_KEY', config.secrets.APP_ENCRYPTION_KEY);
  }

  /** To be called from constructors: the check at boot asks every holder. */
  register(holder: KeyHolder): void {
    this.holders.push(holder);
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.verify();
  }

  /**
   * Proves that every key that rows need is in the ring and is still the same key, and notes what a new key is.
   * @throws KeyRingUnfitError that names the id.
   */
  async verify(): Promise<void> {
    const known = await this.prove();
    for (const id of this.ring.ids) {
      if (!known.has(id)) await this.repository.addCanary(id, makeCanary(this.ring.find(id)));
    }
  }

  /**
   * The same proof, which leaves nothing behind: a key that no row needs yet may still be a wrong one.
   * @returns the ids of the keys that the database knows
   * @throws KeyRingUnfitError that names the id.
   */
  async prove(): Promise<ReadonlySet<string>> {
    const canaries = await this.repository.listCanaries();
    for (const { keyId, sealed } of canaries) {
      if (!this.ring.ids.includes(keyId)) continue;
      try {
        openCanary(this.ring.find(keyId), sealed);
      } catch (error) {
        throw error instanceof SealBrokenError ? KeyRingUnfitError.changed(keyId) : error;
      }
    }
    for (const holder of this.holders) {
      const missing = (await holder.keyIdsInUse()).find((id) => !this.ring.ids.includes(id));
      if (missing !== undefined) throw KeyRingUnfitError.missing(missing, holder.what);
    }
    return new Set(canaries.map(({ keyId }) => keyId));
  }

  /**
   * Rewraps everything under the ring's first key, in batches, each its own transaction with the entry that records it:
   * can be stopped and run again.
   * @returns how many rows were rewrapped, by holder.
   */
  async rotate(onProgress: (what: string, done: number) => void): Promise<Record<string, number>> {
    const totals: Record<string, number> = {};
    for (const holder of this.holders) {
      let done = 0;
      for (let batch = -1; batch !== 0; done += batch) {
        batch = await this.rewrapBatch(holder);
        if (batch > 0) onProgress(holder.what, done + batch);
      }
      totals[holder.what] = done;
    }
    return totals;
  }

  private rewrapBatch(holder: KeyHolder): Promise<number> {
    return this.repository.transaction(async (manager) => {
      const rows = await holder.rewrapBatch(this.ring, BATCH, manager);
      const key = this.ring.current.id;
      if (rows > 0) await this.events.rotated(manager, { key, what: holder.what, rows });
      return rows;
    });
  }
}
