import { Injectable } from '@nestjs/common';
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
  async rewrapBatch(ring: KeyRing): Promise<number> {
    const stale = (await this.repository.listServiceKeys()).filter((key) => key.keyId !== ring.current.id);
    for (const stored of stale) {
      const wrapped = wrap(ring.current, stored.name, this.open(stored));
      await this.repository.replaceServiceKey(stored.name, stored.keyId, ring.current.id, wrapped);
    }
    return stale.length;
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

function wrap(entry: KeyRingEntry, name: string, key: Buffer): Buffer {
  return wrapKey(deriveSubkey(entry, WRAP_CONTEXT), key, binding(name, entry.id));
}

function binding(name: string, keyId: string): WrapBinding {
  return { fields: ['mc101/service-key', 1, name], kekId: keyId };
}
