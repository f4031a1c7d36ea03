import { Injectable } from '@nestjs/common';
import type { NoteKeys } from '../crypto/note-format/derive-note-keys.js';
import type { NoteTitle } from '../crypto/note-format/seal-title.js';
import { fitsIfMatch } from './etag.js';
import { checkContentSize, distinctTags } from './note-limits.js';
import { NoteMetrics } from './note-metrics.js';
import { NotePasswordsService } from './note-passwords.service.js';
import type { OpenedNote } from './note.response.dto.js';
import type { PatchNoteRequest } from './notes.dto.js';
import {
  NoteChangedError,
  NoteContendedError,
  NoteNotFoundError,
  NotePasswordRequiredError,
} from './notes.errors.js';
import { NotesRepository, type NoteWithKey } from './notes.repository.js';
import { planPatch, type PatchPlan } from './patch-rules.js';
import { sealNote, sealTitleOf, type ContentKey, type PasswordKey } from './seal-note.js';
import { openContentOf, openTitleOf, type StoredNote } from './stored-note.js';
import { UserKeysService } from './user-keys.service.js';

const MAX_RETRIES = 5;

/** What one request has already paid for, so that a lost race does not stretch a password twice. */
interface Stretched {
  proven?: PasswordKey;
  chosen?: PasswordKey;
}

/** Changes a note. The row's revision decides between several who do so at once. */
@Injectable()
export class PatchNoteService {
  constructor(
    private readonly notes: NotesRepository,
    private readonly userKeys: UserKeysService,
    private readonly passwords: NotePasswordsService,
    private readonly metrics: NoteMetrics,
  ) {}

  /**
   * Answers the changed note; its content is left out where a personal note stayed sealed.
   * @throws ValidationFailedError
   * @throws PayloadTooLargeError
   * @throws NoteNotFoundError
   * @throws NotePasswordRequiredError, NotePasswordInvalidError, TooManyNotePasswordsError
   * @throws NoteChangedError when If-Match does not fit, or no longer when the change is written
   * @throws NoteContendedError when others were faster five times over
   * @throws NoteUnreadableError
   * @throws BusyError
   */
  patch(
    userId: number,
    id: number,
    request: PatchNoteRequest,
    ifMatch: string | undefined,
  ): Promise<OpenedNote> {
    return this.metrics.count('change', this.attempt(userId, id, request, ifMatch));
  }

  private async attempt(
    userId: number,
    id: number,
    request: PatchNoteRequest,
    ifMatch: string | undefined,
  ): Promise<OpenedNote> {
    checkContentSize(request.content);
    const stretched: Stretched = {};
    for (let tries = 0; tries <= MAX_RETRIES; tries += 1) {
      const found = await this.notes.findOwned(userId, id);
      if (!found) throw new NoteNotFoundError();
      if (ifMatch !== undefined && !fitsIfMatch(ifMatch, found.note)) throw new NoteChangedError();
      const written = await this.change(found, request, stretched);
      if (written) return written;
    }
    throw new NoteContendedError();
  }

  /** @returns undefined when someone else changed the note in between. */
  private async change(
    { note, userKey }: NoteWithKey,
    request: PatchNoteRequest,
    stretched: Stretched,
  ): Promise<OpenedNote | undefined> {
    const keys = this.userKeys.open(note.userId, userKey);
    // Also where it is replaced: sealing it again vouches for the content that stays.
    const former = openTitleOf(note, keys);
    const plan = planPatch(note.mode, request);
    if (plan.password !== undefined) {
      stretched.proven = await this.passwords.unlock(note, plan.password, stretched.proven);
    }
    const title: NoteTitle = {
      title: request.title ?? former.title,
      tags: request.tags ? distinctTags(request.tags) : former.tags,
    };
    const content = request.content ?? openIfPossible(note, keys, stretched.proven);
    if (plan.writesContent) return this.writeAll(note, keys, plan, stretched, title, content);
    if (plan.writesTitle) return this.writeTitle(note, keys, title, content);
    return { ...note, ...title, content };
  }

  private async writeAll(
    note: StoredNote,
    keys: NoteKeys,
    plan: PatchPlan,
    stretched: Stretched,
    title: NoteTitle,
    content: string | undefined,
  ): Promise<OpenedNote | undefined> {
    // The plan demands the password wherever the content is needed.
    if (content === undefined) throw new NotePasswordRequiredError();
    const revision = note.revision + 1;
    const contentKey = await this.contentKeyFor(plan, keys, stretched);
    const sealed = sealNote({ id: note.id, userId: note.userId, revision }, keys, contentKey, {
      ...title,
      content,
    });
    const updatedAt = await this.notes.replaceIfUnchanged(sealed, note.revision);
    return updatedAt && { ...note, ...title, content, mode: plan.mode, revision, updatedAt };
  }

  private async writeTitle(
    note: StoredNote,
    keys: NoteKeys,
    title: NoteTitle,
    content: string | undefined,
  ): Promise<OpenedNote | undefined> {
    const sealed = sealTitleOf(note, keys, title);
    const updatedAt = await this.notes.retitleIfUnchanged(note, sealed);
    return updatedAt && { ...note, ...title, content, revision: sealed.revision, updatedAt };
  }

  private async contentKeyFor(plan: PatchPlan, keys: NoteKeys, stretched: Stretched): Promise<ContentKey> {
    if (plan.mode === 'app') return { mode: 'app', key: keys.contentKek };
    const { proven } = stretched;
    if (plan.newPassword === undefined && proven && !this.passwords.isWeak(proven)) return proven;
    const password = plan.newPassword ?? plan.password;
    if (password === undefined) throw new NotePasswordRequiredError();
    stretched.chosen ??= await this.passwords.stretch(password);
    return stretched.chosen;
  }
}

function openIfPossible(
  note: StoredNote,
  keys: NoteKeys,
  proven: PasswordKey | undefined,
): string | undefined {
  if (note.mode === 'app') return openContentOf(note, keys.contentKek);
  return proven && openContentOf(note, proven.key);
}
