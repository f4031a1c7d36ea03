import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { Principal } from '../../common/http/principal.js';
import { UsersService } from '../../users/users.service.js';
import { WrongCurrentPasswordError } from '../auth.errors.js';
import type { Admission } from '../lockouts/admission.js';
import type { ProofFailure } from '../lockouts/attempt-ends.service.js';
import { ProofGate } from '../lockouts/proof-gate.service.js';
import { PasswordHasher } from '../passwords/password-hasher.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { CodeInvalidError } from './mfa.errors.js';
import { TotpService } from './totp/totp.service.js';

/** One of the two. */
export interface Proof {
  password?: string;
  /** Of the authenticator app. */
  code?: string;
}

/** What the proof is for, inside its transaction. */
type Effect<T> = (manager: EntityManager) => Promise<T>;

/** For somebody who is logged in and proves once more who they are. */
@Injectable()
export class ProveAgainService {
  constructor(
    private readonly users: UsersService,
    private readonly hasher: PasswordHasher,
    private readonly gate: ProofGate,
    private readonly totp: TotpService,
    private readonly sessions: SessionsService,
  ) {}

  /**
   * Counts the try, checks the proof, and does what it is for, in one transaction with the use of the proof.
   * @param failure what is recorded where the proof is wrong
   * @returns what the effect returned
   * @throws WrongCurrentPasswordError
   * @throws CodeInvalidError also where there is no authenticator app
   * @throws LockedOutError when this session gave too many wrong ones
   * @throws BusyError
   * @throws UnauthenticatedError when the session has ended meanwhile
   */
  async prove<T>(
    principal: Principal,
    { password, code }: Proof,
    failure: ProofFailure,
    effect: Effect<T>,
  ): Promise<T> {
    if (password === undefined) {
      const admission = await this.gate.enterCode(principal, failure);
      return settle(admission, () => this.byCode(admission, principal, code ?? '', effect));
    }
    await this.hasher.refuseWhenBusy();
    const admission = await this.gate.enterPassword(principal, failure);
    return settle(admission, () => this.byPassword(admission, principal, password, effect));
  }

  private async byPassword<T>(
    admission: Admission<void>,
    principal: Principal,
    password: string,
    effect: Effect<T>,
  ): Promise<T> {
    const { userId } = principal;
    const verified = await this.users.passwordHashOf(userId);
    if (verified === null || !(await this.hasher.verify({ id: userId, passwordHash: verified }, password))) {
      await admission.failed('wrong_password');
      throw new WrongCurrentPasswordError();
    }
    return this.users.transaction(async (manager) => {
      // Changed meanwhile: what was proven is not the password any more.
      if (!(await this.users.lockWithPassword(manager, userId, verified)))
        throw new WrongCurrentPasswordError();
      await this.sessions.requireAlive(manager, principal);
      const result = await effect(manager);
      await admission.succeeded(manager, undefined);
      return result;
    });
  }

  private async byCode<T>(
    admission: Admission<void>,
    principal: Principal,
    code: string,
    effect: Effect<T>,
  ): Promise<T> {
    const { userId } = principal;
    const step = await this.totp.matchCode(userId, code);
    try {
      if (step === undefined) throw new CodeInvalidError();
      return await this.users.transaction(async (manager) => {
        await this.users.lock(manager, userId);
        await this.sessions.requireAlive(manager, principal);
        if (!(await this.totp.useStep(manager, userId, step))) throw new CodeInvalidError();
        const result = await effect(manager);
        await admission.succeeded(manager, undefined);
        return result;
      });
    } catch (error) {
      if (error instanceof CodeInvalidError) await admission.failed('wrong_code');
      throw error;
    }
  }
}

/** What was not told its end by the work is given back. */
async function settle<T>(admission: Admission<void>, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    await admission.withdrawn();
    throw error;
  }
}
