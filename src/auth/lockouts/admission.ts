import type { EntityManager } from 'typeorm';

/**
 * Why an attempt failed, for the audit log; the answer never tells. `withheld`: the password was not looked at.
 * `copied_passkey`: its counter went back.
 */
export type FailureReason =
  | 'wrong_password'
  | 'unknown_account'
  | 'no_password'
  | 'disabled'
  | 'withheld'
  | 'wrong_code'
  | 'wrong_backup_code'
  | 'unknown_passkey'
  | 'invalid_passkey'
  | 'copied_passkey'
  | 'invalid_oauth_code';

/** What the gate has to be told again when a login goes on after its password. */
export interface FirstFactor {
  /** What was typed: a keyed hash. */
  identifier: Buffer;
  /** Failures before it, in the bucket that had most. */
  failuresBefore: number;
}

interface Ends<T, S> {
  succeed: (manager: EntityManager, success: S) => Promise<T>;
  fail: (reason: FailureReason) => Promise<void>;
  giveBack: () => Promise<void>;
}

/** An attempt that was let in and counted. What is never told its end counts as failed after a minute. */
export class Admission<T, S = undefined> {
  private isOver = false;

  constructor(
    /**
     * False when the account had its tries under its other name: the password must not be looked at, and the answer is
     * that of a wrong one, at the same cost. Anything else would tell that the two names are one account.
     */
    readonly mayVerify: boolean,
    private readonly ends: Ends<T, S>,
  ) {}

  /**
   * The password was right.
   * @param manager of the transaction in which that has its effect
   * @param success what it led to
   */
  succeeded(manager: EntityManager, success: S): Promise<T> {
    return this.ends.succeed(manager, success);
  }

  /** Whatever was given opens nothing. */
  async failed(reason: FailureReason): Promise<void> {
    await this.ends.fail(reason);
    this.isOver = true;
  }

  /** Nothing was tested, or the transaction of its success was undone. After a failure it does nothing. */
  async withdrawn(): Promise<void> {
    if (!this.isOver) await this.ends.giveBack();
  }
}

/** An attempt to log in. */
export class LoginAdmission<T, S> extends Admission<T, S> {
  constructor(
    mayVerify: boolean,
    ends: Ends<T, S>,
    /** What the gate wants to know when a second factor comes. */
    readonly firstFactor: FirstFactor,
    private readonly giveBack: (manager: EntityManager) => Promise<void>,
  ) {
    super(mayVerify, ends);
  }

  /**
   * The password was right and a second factor is to come: neither a success nor a failure, so that nothing is forgiven
   * to who knows a password alone.
   * @param manager of the transaction in which the login begins to wait
   */
  postponed(manager: EntityManager): Promise<void> {
    return this.giveBack(manager);
  }
}
