import { Injectable } from '@nestjs/common';
import { BoundedPool } from '../common/bounded-pool.js';
import { BusyError } from '../common/errors/common.errors.js';
import { WrappedKeyBrokenError } from '../crypto/crypto.errors.js';
import { derivePasswordKey } from '../crypto/derive-password-key.js';
import {
  checkKdfParameters,
  KDF_DEFAULT_ITERATIONS,
  newKdfParameters,
  type KdfParameters,
} from '../crypto/kdf-parameters.js';
import { openDataKey } from '../crypto/note-format/open-data-key.js';
import { rewrapContentKey } from '../crypto/note-format/rewrap-content-key.js';
import { isForeignKeyViolation } from '../database/constraint-violation.js';
import { NotePasswordsRepository } from './note-passwords.repository.js';
import {
  NoteNotFoundError,
  NotePasswordInvalidError,
  refusingUnreadable,
  TooManyNotePasswordsError,
} from './notes.errors.js';
import { NotesRepository } from './notes.repository.js';
import type { PasswordKey } from './seal-note.js';
import { contentBindingOf, kdfParametersOf, type StoredNote } from './stored-note.js';

/** Passwords of personal notes: stretching them in the bounded pool, and counting every try before that. */
@Injectable()
export class NotePasswordsService {
  /** What a password is stretched with from now on; a note with fewer is strengthened when it is opened. */
  iterations = KDF_DEFAULT_ITERATIONS;

  constructor(
    private readonly pool: BoundedPool,
    private readonly attempts: NotePasswordsRepository,
    private readonly notes: NotesRepository,
  ) {}

  /** Stretches a password that is set now. @throws BusyError */
  stretch(password: string): Promise<PasswordKey> {
    return this.derive(password, { ...newKdfParameters(), iterations: this.iterations });
  }

  /**
   * Proves that a password is the note's.
   * @param proven what an earlier call in the same request proved; costs nothing again while the note keeps its salt
   * @returns the key that wraps the note's data key
   * @throws TooManyNotePasswordsError before any work on the password, after 5 tries without success in 15 minutes
   * @throws NotePasswordInvalidError
   * @throws NoteUnreadableError
   * @throws NoteNotFoundError when the note was deleted meanwhile
   * @throws BusyError; the try does not count
   */
  async unlock(note: StoredNote, password: string, proven?: PasswordKey): Promise<PasswordKey> {
    const kdf = kdfParametersOf(note);
    refusingUnreadable(() => {
      checkKdfParameters(kdf);
    });
    const isKnown = proven?.kdf.iterations === kdf.iterations && proven.kdf.salt.equals(kdf.salt);
    const unlocked = isKnown ? proven : await this.deriveCounted(note, password, kdf);
    try {
      refusingUnreadable(() => openDataKey(contentBindingOf(note), unlocked.key, note));
    } catch (error) {
      if (error instanceof Error && error.cause instanceof WrappedKeyBrokenError)
        throw new NotePasswordInvalidError();
      // The password was right; what is broken is the note.
      await this.attempts.clear(note.userId, note.id);
      throw error;
    }
    if (!isKnown) await this.attempts.clear(note.userId, note.id);
    return unlocked;
  }

  isWeak({ kdf }: PasswordKey): boolean {
    return kdf.iterations < this.iterations;
  }

  /**
   * Puts a note's data key under a password key of today's strength, if it has a weaker one. The note stays at its
   * revision. Left for the next time when the service is busy.
   */
  async strengthen(note: StoredNote, password: string, unlocked: PasswordKey): Promise<void> {
    if (!this.isWeak(unlocked)) return;
    try {
      const { kdf, key } = await this.stretch(password);
      const { wrappedKey } = rewrapContentKey(contentBindingOf(note), unlocked.key, key, note);
      await this.notes.rewrapIfUnchanged(note, kdf, wrappedKey);
    } catch (error) {
      if (!(error instanceof BusyError)) throw error;
    }
  }

  private async deriveCounted(note: StoredNote, password: string, kdf: KdfParameters): Promise<PasswordKey> {
    // A full pool counts nothing, not even until it is taken back: others would be told that they tried too often.
    this.pool.refuseWhenFull();
    const attemptedAt = await this.count(note);
    try {
      return await this.derive(password, kdf);
    } catch (error) {
      if (error instanceof BusyError) await this.attempts.takeBack(note.userId, note.id, attemptedAt);
      throw error;
    }
  }

  private async count({ userId, id }: StoredNote): Promise<string> {
    try {
      const { attemptedAt, retryAfterSeconds } = await this.attempts.admit(userId, id);
      if (attemptedAt === null) throw new TooManyNotePasswordsError(retryAfterSeconds);
      return attemptedAt;
    } catch (error) {
      throw isForeignKeyViolation(error) ? new NoteNotFoundError() : error;
    }
  }

  private async derive(password: string, kdf: KdfParameters): Promise<PasswordKey> {
    return { mode: 'personal', kdf, key: await this.pool.run(() => derivePasswordKey(password, kdf)) };
  }
}
