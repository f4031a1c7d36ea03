import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { Principal } from '../../common/http/principal.js';
import { AppConfig } from '../../config/app-config.js';
import { PasskeysRepository } from '../passkeys/passkeys.repository.js';
import { PasskeyLoginRequiredError } from './mfa.errors.js';

/** Who must have a second factor (REQUIRE_MFA), and who may set one up. */
@Injectable()
export class MfaPolicy {
  constructor(
    private readonly passkeys: PasskeysRepository,
    private readonly config: AppConfig,
  ) {}

  isDemandedOf({ role }: Pick<Principal, 'role'>): boolean {
    const { required } = this.config.mfa;
    return required === 'all' || (required === 'admins' && role === 'admin');
  }

  /**
   * Whether this session may add a factor. Where one is demanded, the password alone does not stand for somebody who has
   * a passkey: or whoever has stolen the password would set up a factor of their own.
   * @param manager of a transaction that has locked the account, where the answer must still hold at its end
   * @throws PasskeyLoginRequiredError
   */
  async requireProvenFactor(principal: Principal, manager?: EntityManager): Promise<void> {
    if (principal.hasSecondFactor || !this.isDemandedOf(principal)) return;
    if ((await this.passkeys.count(principal.userId, manager)) > 0) throw new PasskeyLoginRequiredError();
  }
}
