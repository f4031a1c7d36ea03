import type { NoteMode } from '../crypto/note-format/note-binding.js';
import { checkNewNotePassword, refuseField } from './note-limits.js';
import type { PatchNoteRequest } from './notes.dto.js';
import { NotePasswordRequiredError } from './notes.errors.js';

/** What a PATCH asks of a note that is in a certain mode now. */
export interface PatchPlan {
  /** The mode afterwards. */
  mode: NoteMode;
  /** The content is sealed anew: it, the mode or the password changes. */
  writesContent: boolean;
  /** Title or tags change; they are sealed with the content too when that is written. */
  writesTitle: boolean;
  /** To be proven as the note's password. */
  password: string | undefined;
  /** To be the note's password from now on. */
  newPassword: string | undefined;
}

/**
 * Reads a PATCH against the mode that the note is in.
 * @throws ValidationFailedError for passwords where there is nothing for them to do, or too short or long a new one
 * @throws NotePasswordRequiredError when a sealed content would have to be opened or replaced without its password
 */
export function planPatch(current: NoteMode, request: PatchNoteRequest): PatchPlan {
  const writesTitle = request.title !== undefined || request.tags !== undefined;
  const isPersonal = request.personal_encryption ?? current === 'personal';
  if (current === 'app')
    return isPersonal ? makePersonal(request, writesTitle) : keepApp(request, writesTitle);
  return isPersonal ? keepPersonal(request, writesTitle) : makeApp(request, writesTitle);
}

function keepApp({ content, password, new_password }: PatchNoteRequest, writesTitle: boolean): PatchPlan {
  const problem = 'belongs to a note with personal_encryption: true';
  if (password !== undefined) refuseField('password', problem);
  if (new_password !== undefined) refuseField('new_password', problem);
  return {
    mode: 'app',
    writesContent: content !== undefined,
    writesTitle,
    password: undefined,
    newPassword: undefined,
  };
}

/** Of `password` and `new_password` one is enough: the note has none yet. */
function makePersonal({ password, new_password }: PatchNoteRequest, writesTitle: boolean): PatchPlan {
  if (password !== undefined && new_password !== undefined && password !== new_password) {
    refuseField('new_password', 'differs from password, and the note has none yet: give one of them');
  }
  const newPassword = new_password ?? password;
  if (newPassword === undefined) refuseField('password', 'is needed with personal_encryption');
  checkNewNotePassword(new_password === undefined ? 'password' : 'new_password', newPassword);
  return { mode: 'personal', writesContent: true, writesTitle, password: undefined, newPassword };
}

function keepPersonal(
  { content, password, new_password }: PatchNoteRequest,
  writesTitle: boolean,
): PatchPlan {
  const writesContent = content !== undefined || new_password !== undefined;
  if (new_password !== undefined) checkNewNotePassword('new_password', new_password);
  if (writesContent && password === undefined) throw new NotePasswordRequiredError();
  return { mode: 'personal', writesContent, writesTitle, password, newPassword: new_password };
}

function makeApp({ password, new_password }: PatchNoteRequest, writesTitle: boolean): PatchPlan {
  if (new_password !== undefined)
    refuseField('new_password', 'belongs to a note with personal_encryption: true');
  if (password === undefined) throw new NotePasswordRequiredError();
  return { mode: 'app', writesContent: true, writesTitle, password, newPassword: undefined };
}
