import type { KeyObject } from 'node:crypto';
import { KeyUnknownError } from './crypto.errors.js';

/** A key and the id that stands beside whatever it wrapped. */
export interface KeyRingEntry {
  /** 1–32 characters of `A–Z a–z 0–9 . _ -`. */
  readonly id: string;
  /** 32 bytes. A KeyObject, because no logger and no JSON shows what is inside of one. */
  readonly key: KeyObject;
}

/** Keys by id. The first one writes, all of them read. Made by parseKeyRing. */
export class KeyRing {
  readonly #entries: ReadonlyMap<string, KeyRingEntry>;

  constructor(
    /** The entry that every new write uses. */
    readonly current: KeyRingEntry,
    older: readonly KeyRingEntry[],
  ) {
    this.#entries = new Map([current, ...older].map((entry) => [entry.id, entry]));
  }

  /** The ids of all entries, the writing one first. */
  get ids(): string[] {
    return [...this.#entries.keys()];
  }

  /** @throws KeyUnknownError naming the id */
  find(id: string): KeyRingEntry {
    const entry = this.#entries.get(id);
    if (entry === undefined) {
      throw new KeyUnknownError(id);
    }
    return entry;
  }
}
