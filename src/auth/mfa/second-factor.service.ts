import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';

/** By what a login can be completed, as the answer to its password names it. */
export const SECOND_FACTOR_METHODS = ['totp', 'backup_code'] as const;
export type SecondFactorMethod = (typeof SECOND_FACTOR_METHODS)[number];

/** One kind of second factor. Each registers its own. */
export interface SecondFactor {
  /** What of it the account has in force; nothing where it has none. */
  methodsOf: (userId: number, manager?: EntityManager) => Promise<readonly SecondFactorMethod[]>;
  /** Takes it from the account. @returns whether there was any */
  remove: (manager: EntityManager, userId: number) => Promise<boolean>;
}

/** Which second factors accounts have, whatever kinds there are. */
@Injectable()
export class SecondFactorService {
  private readonly kinds: SecondFactor[] = [];

  /** To be called from constructors. */
  register(kind: SecondFactor): void {
    this.kinds.push(kind);
  }

  /**
   * The ways in which a login of this account can be completed. None: the password alone is enough.
   * @param manager of a transaction that has locked the account, where the answer must still hold at its end
   */
  async methodsOf(userId: number, manager?: EntityManager): Promise<SecondFactorMethod[]> {
    const methods: SecondFactorMethod[] = [];
    for (const kind of this.kinds) methods.push(...(await kind.methodsOf(userId, manager)));
    return methods;
  }

  /** Takes every second factor from an account. @returns whether it had one */
  async removeAll(manager: EntityManager, userId: number): Promise<boolean> {
    let hadAny = false;
    for (const kind of this.kinds) if (await kind.remove(manager, userId)) hadAny = true;
    return hadAny;
  }
}
