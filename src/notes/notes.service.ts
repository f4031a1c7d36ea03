import { Injectable } from '@nestjs/common';
import { UnauthenticatedError } from '../common/errors/common.errors.js';
import { isForeignKeyViolation } from '../database/constraint-violation.js';
import { UserLifecycle } from '../users/user-lifecycle.js';
import { fitsIfMatch } from './etag.js';
import { checkContentSize, checkNewNotePassword, distinctTags, refuseField } from './note-limits.js';
import { NoteMetrics } from './note-metrics.js';
import { NotePasswordsService } from './note-passwords.service.js';
import type { OpenedNote } from './note.response.dto.js';
import type { CreateNoteRequest } from './notes.dto.js';
import { NoteChangedError, NoteNotFoundError, NotePasswordRequiredError } from './notes.errors.js';
import { NotesRepository } from './notes.repository.js';
import { sealNote, type ContentKey, type SealedNote } from './seal-note.js';
import { openContentOf, openTitleOf } from './stored-note.js';
import { UserKeysService } from './user-keys.service.js';

/** One note at a time: writing, reading, deleting. */
@Injectable()
export class NotesService {
  constructor(
    private readonly notes: NotesRepository,
    private readonly userKeys: UserKeysService,
    private readonly passwords: NotePasswordsService,
    private readonly metrics: NoteMetrics,
    lifecycle: UserLifecycle,
  ) {
    lifecycle.on('isInUse', (manager, { id }) => notes.hasAny(manager, id));
  }

  /**
   * @throws ValidationFailedError when `personal_encryption` and `password` do not go together
   * @throws PayloadTooLargeError
   * @throws BusyError
   */
  create(userId: number, request: CreateNoteRequest): Promise<OpenedNote> {
    return this.metrics.count('create', this.write(userId, request));
  }

  /**
   * Reads a note with its content.
   * @param password needed for a personal note, ignored for others
   * @throws NoteNotFoundError
   * @throws NotePasswordRequiredError
   * @throws NotePasswordInvalidError
   * @throws TooManyNotePasswordsError
   * @throws NoteUnreadableError
   * @throws BusyError
   */
  read(userId: number, id: number, password: string | undefined): Promise<OpenedNote> {
    return this.metrics.count('read', this.open(userId, id, password));
  }

  /**
   * @throws NoteNotFoundError
   * @throws NoteChangedError when If-Match names another revision
   */
  delete(userId: number, id: number, ifMatch: string | undefined): Promise<void> {
    return this.metrics.count('delete', this.remove(userId, id, ifMatch));
  }

  private async write(userId: number, request: CreateNoteRequest): Promise<OpenedNote> {
    const { title, content, tags = [] } = request;
    checkContentSize(content);
    const password = passwordForNew(request);
    const passwordKey = password === undefined ? undefined : await this.passwords.stretch(password);
    const { noteId: id, userKey } = await this.notes.reserveId(userId);
    const keys = await this.userKeys.openOrCreate(userId, userKey);
    const text = { title, content, tags: distinctTags(tags) };
    const contentKey: ContentKey = passwordKey ?? { mode: 'app', key: keys.contentKek };
    const sealed = sealNote({ id, userId, revision: 1 }, keys, contentKey, text);
    return { id, revision: 1, mode: sealed.mode, ...text, ...(await this.insert(sealed)) };
  }

  private async open(userId: number, id: number, password: string | undefined): Promise<OpenedNote> {
    const found = await this.notes.findOwned(userId, id);
    if (!found) throw new NoteNotFoundError();
    const { note } = found;
    const keys = this.userKeys.open(userId, found.userKey);
    const title = openTitleOf(note, keys);
    if (note.mode === 'app') return { ...note, ...title, content: openContentOf(note, keys.contentKek) };
    if (password === undefined) throw new NotePasswordRequiredError();
    const unlocked = await this.passwords.unlock(note, password);
    const content = openContentOf(note, unlocked.key);
    await this.passwords.strengthen(note, password, unlocked);
    return { ...note, ...title, content };
  }

  private async remove(userId: number, id: number, ifMatch: string | undefined): Promise<void> {
    if (ifMatch === undefined || ifMatch.trim() === '*') {
      if (!(await this.notes.deleteOwned(userId, id))) throw new NoteNotFoundError();
      return;
    }
    const revision = await this.notes.revisionOf(userId, id);
    if (revision === undefined) throw new NoteNotFoundError();
    if (!fitsIfMatch(ifMatch, { id, revision })) throw new NoteChangedError();
    if (!(await this.notes.deleteOwned(userId, id, revision))) throw new NoteChangedError();
  }

  private async insert(sealed: SealedNote): Promise<{ createdAt: Date; updatedAt: Date }> {
    try {
      return await this.notes.insert(sealed);
    } catch (error) {
      throw isForeignKeyViolation(error, 'notes_user_id_fkey') ? new UnauthenticatedError() : error;
    }
  }
}

/** @returns the password of a note that is to be personal. @throws ValidationFailedError */
function passwordForNew({
  personal_encryption: isPersonal = false,
  password,
}: CreateNoteRequest): string | undefined {
  if (!isPersonal) {
    if (password !== undefined) refuseField('password', 'belongs to a note with personal_encryption: true');
    return undefined;
  }
  if (password === undefined) refuseField('password', 'is needed with personal_encryption');
  checkNewNotePassword('password', password);
  return password;
}
