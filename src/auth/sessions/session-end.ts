/** Why a session ended before its time; stands in its row and in the audit log. */
export type SessionEnd =
  | 'logout'
  | 'logout-all'
  /** Its owner ended it from another session. */
  | 'revoked'
  /** An admin ended all, or disabled the account. */
  | 'admin'
  | 'admin-reset'
  | 'password-changed'
  /** The owner said that a login was not theirs. */
  | 'disowned'
  | 'password-reset'
  /** The account was taken back by whoever has its former address. */
  | 'email-reverted'
  /** A second factor was added or taken away in another session. */
  | 'mfa-changed'
  /** An admin took every second factor away. */
  | 'mfa-reset'
  /** By a later login, where an account has one session at a time. */
  | 'replaced'
  /** By a later login, past MAX_SESSIONS. */
  | 'too-many'
  | 'refresh-reuse';
