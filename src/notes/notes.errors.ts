import { AppError } from '../common/errors/app-error.js';
import {
  FormatUnknownError,
  KdfParametersRefusedError,
  KeyUnknownError,
  SealBrokenError,
} from '../crypto/crypto.errors.js';

/** Also the answer for someone else's note. */
export class NoteNotFoundError extends AppError {
  constructor() {
    super('NOTE_NOT_FOUND', 'There is no such note.');
  }
}

export class NotePasswordRequiredError extends AppError {
  constructor() {
    super(
      'NOTE_PASSWORD_REQUIRED',
      'This note is encrypted with its own password: send it as "password" to POST …/open, or in the header X-Note-Password.',
    );
  }
}

export class NotePasswordInvalidError extends AppError {
  constructor() {
    super('NOTE_PASSWORD_INVALID', 'This is not the password of this note.');
  }
}

/** Thrown without looking at the password. */
export class TooManyNotePasswordsError extends AppError {
  constructor(retryAfterSeconds: number) {
    super('RATE_LIMITED', 'Too many wrong passwords for this note; try again later.', { retryAfterSeconds });
  }
}

/** Something stored was changed from outside, damaged, or is under a key that is gone. Nothing of it is answered. */
export class NoteUnreadableError extends AppError {
  constructor(cause: unknown) {
    super('NOTE_UNREADABLE', 'This note cannot be opened: its stored form was changed or damaged.', {
      cause,
    });
  }
}

/** If-Match names another revision than the current one. */
export class NoteChangedError extends AppError {
  constructor() {
    super('PRECONDITION_FAILED', 'The note has changed since: read it again and repeat the change.');
  }
}

export class NoteContendedError extends AppError {
  constructor() {
    super('CONFLICT', 'The note is being changed by others right now; try again.');
  }
}

/**
 * Runs what opens sealed data.
 * @throws NoteUnreadableError in place of everything by which the crypto module refuses
 */
export function refusingUnreadable<T>(open: () => T): T {
  try {
    return open();
  } catch (error) {
    throw isRefusal(error) ? new NoteUnreadableError(error) : error;
  }
}

function isRefusal(error: unknown): boolean {
  return (
    error instanceof SealBrokenError ||
    error instanceof FormatUnknownError ||
    error instanceof KdfParametersRefusedError ||
    error instanceof KeyUnknownError
  );
}
