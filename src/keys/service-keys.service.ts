import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { DatabaseReplacement } from '../common/database-replacement.js';
import { deriveSubkey } from '../crypto/derive-subkey.js';
import { drawRandom } from '../crypto/draw-random.js';
import type { KeyRing, KeyRingEntry } from '../crypto/key-ring.js';
import { unwrapKey } from '../crypto/unwrap-key.js';
import { wrapKey, type WrapBinding } from '../crypto/wrap-key.js';
import type { KeyHolder } from './key-holder.js';
import { KeysRepository } from './keys.repository.js';
import { KeysService } from './keys.service.js';
import type { ServiceKey } from './service-key.entity.js';

const KEY_BYTES = 32;
const WRAP_CONTEXT = 'mc101/service-key-wrap/v1';

/** Random keys of the service that must outlive any rotation of secrets: wrapped by the ring, stored by name. */
@Injectable()
export class ServiceKeysService implements KeyHolder {
  readonly what = 'service keys';
  private readonly opened = new Map<string, Buffer>();

  constructor(
    private readonly repository: KeysRepository,
    private readonly keys: KeysService,
    replacement: DatabaseReplacement,
  ) {
    keys.register(this);
    replacement.register(() => {
      this.opened.clear();
    });
  }

  /** The 32-byte key of this name, made when it is asked for the first time, ever the same afterwards. */
  async get(name: string): Promise<Buffer> {
    const known = this.opened.get(name);
    if (known) return known;
    const stored = (await this.repository.listServiceKeys()).find((key) => key.name === name);
    const key = this.open(stored ?? (await this.create(name)));
    this.opened.set(name, key);
    return key;
  }

  async keyIdsInUse(): Promise<string[]> {
    return [...new Set((await this.repository.listServiceKeys()).map((key) => key.keyId))];
  }

  /** A handful of rows, each replaced only if it is still under the key it was read with. */
  async rewrapBatch(ring: KeyRing, _limit: number, manager: EntityManager): Promise<number> {
    const stored = await this.repository.listServiceKeys();
    // Of two rotations at once none waits for the other in a circle.
    const stale = stored.filter((key) => key.keyId !== ring.current.id).sort(byName);
    let rewrapped = 0;
    for (const key of stale) {
      const wrappedKey = wrap(ring.current, key.name, this.open(key));
      if (await this.repository.replaceServiceKey(manager, key, { keyId: ring.current.id, wrappedKey }))
        rewrapped += 1;
    }
    return rewrapped;
  }

  private create(name: string): Promise<ServiceKey> {
    const { current } = this.keys.ring;
    return this.repository.addServiceKey(name, current.id, wrap(current, name, drawRandom(KEY_BYTES)));
  }

  private open({ name, keyId, wrappedKey }: ServiceKey): Buffer {
    return unwrapKey(
      deriveSubkey(this.keys.ring.find(keyId), WRAP_CONTEXT),
      wrappedKey,
      binding(name, keyId),
    );
  }
}

function byName(one: ServiceKey, other: ServiceKey): number {
  return one.name < other.name ? -1 : 1;
}

function wrap(entry: KeyRingEntry, name: string, key: Buffer): Buffer {
  return wrapKey(deriveSubkey(entry, WRAP_CONTEXT), key, binding(name, entry.id));
}

function binding(name: string, keyId: string): WrapBinding {
  return { fields: ['mc101/service-key', 1, name], kekId: keyId };
}
