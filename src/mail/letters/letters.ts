import { backupFailed } from './backup-failed.js';
import { backupRecovered } from './backup-recovered.js';
import { identityLinked, identityUnlinked } from './identities.js';
import type { Letter, Sender } from './letter.js';
import { lockout } from './lockout.js';
import { loginDisowned } from './login-disowned.js';
import { mfaChanged } from './mfa-changed.js';
import { newDevice } from './new-device.js';
import { passkeyCloneSuspected, passkeyRegistered, passkeyRemoved } from './passkeys.js';
import { passwordChanged } from './password-changed.js';
import { passwordReplaced } from './password-replaced.js';
import { proofLockout } from './proof-lockout.js';
import { secondFactorLockout } from './second-factor-lockout.js';
import { passwordResetDone } from './password-reset-done.js';
import { refreshReuse } from './refresh-reuse.js';
import { testLetter } from './test-letter.js';
import { usernameChanged } from './username-changed.js';
import { changeEmail } from './change-email.js';
import { emailChanged } from './email-changed.js';
import { emailReverted } from './email-reverted.js';
import { farewell } from './farewell.js';
import { passwordReset } from './password-reset.js';
import { verifyEmail } from './verify-email.js';
import { welcome } from './welcome.js';

/** Every letter that the service writes, by kind. What it is told must survive JSON. */
export const LETTERS = {
  welcome,
  verifyEmail,
  changeEmail,
  emailChanged,
  emailReverted,
  passwordReset,
  passwordResetDone,
  farewell,
  newDevice,
  lockout,
  secondFactorLockout,
  proofLockout,
  refreshReuse,
  passwordChanged,
  passwordReplaced,
  usernameChanged,
  mfaChanged,
  passkeyRegistered,
  passkeyRemoved,
  passkeyCloneSuspected,
  identityLinked,
  identityUnlinked,
  loginDisowned,
  backupFailed,
  backupRecovered,
  test: testLetter,
} satisfies Record<string, (data: never, sender: Sender) => Letter>;

export type LetterKind = keyof typeof LETTERS;
export type LetterData<K extends LetterKind> = Parameters<(typeof LETTERS)[K]>[0];

/** @param kind as it was enqueued, by this version or by an earlier one */
export function isLetterKind(kind: string): kind is LetterKind {
  return Object.hasOwn(LETTERS, kind);
}
