import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { hmacSha256 } from '../crypto/hmac.js';
import { ServiceKeysService } from '../keys/service-keys.service.js';
import { UserLifecycle } from './user-lifecycle.js';
import { VoterKeysRepository } from './voter-keys.repository.js';

/**
 * One person, one vote, also across deleted accounts and changed addresses: every address that an account ever held
 * keeps pointing to the account's voter key, as a keyed hash under a key that no rotation changes.
 */
@Injectable()
export class VoterKeysService {
  constructor(
    private readonly repository: VoterKeysRepository,
    private readonly serviceKeys: ServiceKeysService,
    private readonly lifecycle: UserLifecycle,
  ) {}

  /** The voter key for a new account with this address: its former one if the address was here before. */
  async forNewAccount(manager: EntityManager, normalizedEmail: string): Promise<string> {
    return this.repository.remember(manager, await this.hash(normalizedEmail));
  }

  /**
   * The voter key of an account that moves to this address. Where the address held another key, the two become one
   * person, so that moving never buys a second vote.
   */
  async forMovedAccount(
    manager: EntityManager,
    currentKey: string,
    normalizedEmail: string,
  ): Promise<string> {
    const held = await this.repository.rememberAs(manager, await this.hash(normalizedEmail), currentKey);
    if (held !== currentKey) {
      await this.repository.repoint(manager, currentKey, held);
      await this.lifecycle.voterKeysMerged(manager, currentKey, held);
    }
    return held;
  }

  private async hash(normalizedEmail: string): Promise<Buffer> {
    return hmacSha256(await this.serviceKeys.get('voter-address'), normalizedEmail);
  }
}
