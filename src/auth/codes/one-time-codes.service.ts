import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { drawDigits } from '../../crypto/draw-digits.js';
import { UserLifecycle } from '../../users/user-lifecycle.js';
import { CodeHashesService, type CodeBinding } from './code-hashes.service.js';
import { MailedCodeInvalidError } from './codes.errors.js';
import type { CodePurpose } from './one-time-code.entity.js';
import { OneTimeCodesRepository, type ResetAsked } from './one-time-codes.repository.js';

const DIGITS = 8;

/** How long a code lives that is not for a reset. */
export const CODE_LIFETIME_SECONDS = 600;

/** Whose code, what for, and where it was mailed. */
export type CodeFor = Omit<CodeBinding, 'id'>;

export interface IssuedCode {
  /** The flow. */
  id: string;
  /** Eight digits, for the letter alone. */
  code: string;
  expiresAt: Date;
}

/** A code that was right; it is still to be used. */
export interface ProvenCode extends CodeBinding {
  /** Null where there is no account: nobody was mailed this code. */
  userId: number | null;
  /** From where it was tried, as a keyed hash. */
  network: string;
}

/** What trying a code led to. */
export interface Tried {
  /** Undefined when there was none to try. */
  userId: number | null | undefined;
  /** Undefined when it was wrong. */
  proven: ProvenCode | undefined;
}

/** One-time codes: issued, tried, used. See ../recovery/README.md. */
@Injectable()
export class OneTimeCodesService {
  constructor(
    private readonly repository: OneTimeCodesRepository,
    private readonly hashes: CodeHashesService,
    lifecycle: UserLifecycle,
  ) {
    lifecycle.on('codesMustEnd', (manager, userId) => repository.endAll(manager, userId));
    lifecycle.on('sessionsMustEnd', (manager, userId) => repository.endAll(manager, userId));
  }

  /** For an account. The former code of this purpose is void. */
  async issue(
    manager: EntityManager,
    purpose: Exclude<CodePurpose, 'reset_password'>,
    account: { id: number; emailNormalized: string },
  ): Promise<IssuedCode> {
    const { id, code, codeHash, ...bound } = this.draw(codeOf(purpose, account));
    const expiresAt = await this.repository.put(manager, account.id, {
      ...bound,
      id,
      codeHash,
      lifetimeSeconds: CODE_LIFETIME_SECONDS,
    });
    return { id, code, expiresAt };
  }

  /** For whoever has an address; costs and writes the same when nobody does. The former code is void where it may be. */
  async issueForAddress(
    manager: EntityManager,
    codeFor: CodeFor,
    { lifetimeSeconds, mayReplace }: { lifetimeSeconds: number; mayReplace: boolean },
  ): Promise<IssuedCode & ResetAsked> {
    const { id, code, codeHash, emailNormalized, ...bound } = this.draw(codeFor);
    const asked = await this.repository.putForAddress(
      manager,
      emailNormalized,
      { ...bound, id, codeHash, lifetimeSeconds },
      mayReplace,
    );
    return { id, code, ...asked };
  }

  /**
   * Takes a try, then compares: the same work whatever there is to compare with.
   * @param from the network that it comes from, where it is not somebody who is logged in
   */
  async try(codeFor: CodeFor, given: string, from = ''): Promise<Tried> {
    const network = this.hashes.hashNetwork(codeFor, from);
    const found = await this.repository.takeTry(codeFor.purpose, codeFor.subject, network);
    const binding = { ...codeFor, id: found?.id ?? randomUUID() };
    const matches = this.hashes.matches(binding, given.replace(' ', ''), found?.codeHash ?? Buffer.alloc(32));
    return {
      userId: found?.userId,
      proven: found && matches ? { ...binding, userId: found.userId, network } : undefined,
    };
  }

  /** For whoever was right and may try again, as something else was wrong. */
  giveTryBack({ id, purpose, subject, network }: ProvenCode): Promise<void> {
    return this.repository.giveTryBack(id, purpose, subject, network);
  }

  /** Uses a code up, in the transaction of its effect. @throws MailedCodeInvalidError when it ended meanwhile */
  async use(manager: EntityManager, { id, purpose, subject }: ProvenCode): Promise<void> {
    if (!(await this.repository.use(manager, id, purpose, subject))) throw new MailedCodeInvalidError();
  }

  private draw(codeFor: CodeFor) {
    const binding = { ...codeFor, id: randomUUID() };
    const code = drawDigits(DIGITS);
    return { ...binding, code, codeHash: this.hashes.hash(binding, code) };
  }
}

/** What a code of an account is bound to. */
export function codeOf(
  purpose: Exclude<CodePurpose, 'reset_password'>,
  { id, emailNormalized }: { id: number; emailNormalized: string },
): CodeFor {
  const subject = Buffer.alloc(8);
  subject.writeBigUInt64BE(BigInt(id));
  return { purpose, subject, emailNormalized };
}
