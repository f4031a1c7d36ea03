import { Injectable, Logger } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { UnauthenticatedError } from '../common/errors/common.errors.js';
import { SealBrokenError } from '../crypto/crypto.errors.js';
import type { KeyRing } from '../crypto/key-ring.js';
import { createUserKey } from '../crypto/note-format/create-user-key.js';
import { deriveNoteKeys, type NoteKeys } from '../crypto/note-format/derive-note-keys.js';
import { unwrapUserKey } from '../crypto/note-format/unwrap-user-key.js';
import type { WrappedUserKey } from '../crypto/note-format/user-key.js';
import { wrapUserKey } from '../crypto/note-format/wrap-user-key.js';
import { isForeignKeyViolation } from '../database/constraint-violation.js';
import type { KeyHolder } from '../keys/key-holder.js';
import { KeysService } from '../keys/keys.service.js';
import { NoteUnreadableError, refusingUnreadable } from './notes.errors.js';
import { UserKeysRepository, type UserKeyRow } from './user-keys.repository.js';

/** The one key of each user. Unwrapped for each request and kept nowhere, so that deleting it is final at once. */
@Injectable()
export class UserKeysService implements KeyHolder {
  readonly what = 'user keys';
  private readonly logger = new Logger('notes');
  /** Users whose key did not open when it was to be rewrapped: reported once, then stepped over. */
  private readonly broken = new Set<number>();

  constructor(
    private readonly repository: UserKeysRepository,
    private readonly keys: KeysService,
  ) {
    keys.register(this);
  }

  /**
   * Opens a user's key as it was read together with something else.
   * @throws NoteUnreadableError when it does not open, or is gone
   */
  open(userId: number, wrapped: WrappedUserKey | null): NoteKeys {
    if (!wrapped) throw new NoteUnreadableError(new SealBrokenError('The user has notes but no key.'));
    return refusingUnreadable(() => deriveNoteKeys(unwrapUserKey(this.keys.ring, userId, wrapped)));
  }

  /** @returns undefined for a user who never wrote a note. @throws NoteUnreadableError */
  async find(userId: number): Promise<NoteKeys | undefined> {
    const wrapped = await this.repository.find(userId);
    return wrapped && this.open(userId, wrapped);
  }

  /**
   * Opens a user's key, made now if there is none. Of many that make it at once, all get the same one.
   * @throws NoteUnreadableError
   * @throws UnauthenticatedError when the account was deleted meanwhile
   */
  async openOrCreate(userId: number, wrapped: WrappedUserKey | null): Promise<NoteKeys> {
    if (wrapped) return this.open(userId, wrapped);
    const drawn = wrapUserKey(this.keys.ring.current, userId, createUserKey());
    try {
      return this.open(userId, await this.repository.addOnce(userId, drawn));
    } catch (error) {
      throw isForeignKeyViolation(error, 'user_keys_user_id_fkey') ? new UnauthenticatedError() : error;
    }
  }

  keyIdsInUse(): Promise<string[]> {
    return this.repository.keyIdsInUse();
  }

  /** A key that does not open stays as it is, so that its ring entry still counts as needed. */
  async rewrapBatch(ring: KeyRing, limit: number, manager: EntityManager): Promise<number> {
    for (;;) {
      const rows = await this.repository.lockWrappedByOthers(manager, ring.current.id, limit, [
        ...this.broken,
      ]);
      const rewrapped = rows.flatMap((row) => this.rewrap(ring, row) ?? []);
      // A batch of nothing but broken ones must not read as the end.
      if (rewrapped.length === 0 && rows.length > 0) continue;
      if (rewrapped.length > 0) await this.repository.rewrap(manager, rewrapped);
      return rewrapped.length;
    }
  }

  private rewrap(ring: KeyRing, row: UserKeyRow): UserKeyRow | undefined {
    try {
      return {
        userId: row.userId,
        ...wrapUserKey(ring.current, row.userId, unwrapUserKey(ring, row.userId, row)),
      };
    } catch (error) {
      if (!(error instanceof SealBrokenError)) throw error;
      this.broken.add(row.userId);
      this.logger.error(
        { event_type: 'user_key_unreadable', user: row.userId, key_id: row.keyId },
        'a user key does not open and was not rewrapped',
      );
      return undefined;
    }
  }
}
