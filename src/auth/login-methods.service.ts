import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { LastLoginMethodError } from './auth.errors.js';

/** Whether an account can be logged in to in one way. */
type LoginMethod = (manager: EntityManager, userId: number) => Promise<boolean>;

/** All ways to log in to accounts, whatever kinds there are, so that nobody takes away the last one of theirs. */
@Injectable()
export class LoginMethods {
  private readonly methods: LoginMethod[] = [];

  /** To be called from constructors. */
  register(method: LoginMethod): void {
    this.methods.push(method);
  }

  /**
   * To be asked in the transaction that has taken one away, with the account locked.
   * @throws LastLoginMethodError
   */
  async requireAny(manager: EntityManager, userId: number): Promise<void> {
    for (const method of this.methods) if (await method(manager, userId)) return;
    throw new LastLoginMethodError();
  }
}
