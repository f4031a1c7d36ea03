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

  /**
   * The form in which an address is remembered. To be asked for before a transaction begins: the first time it reads
   * the key on a connection of its own, and transactions that each wait for a second one could block each other.
   */
  async hashOf(normalizedEmail: string): Promise<Buffer> {
    return hmacSha256(await this.serviceKeys.get('voter-address'), normalizedEmail);
  }

  /** The voter key for a new account with this address: its former one if the address was here before. */
  forNewAccount(manager: EntityManager, emailHmac: Buffer): Promise<string> {
    return this.repository.remember(manager, emailHmac);
  }

  /**
   * The voter key of an account that moves to this address. Where the address held another key, the two become one
   * person, so that moving never buys a second vote.
   */
  async forMovedAccount(manager: EntityManager, currentKey: string, emailHmac: Buffer): Promise<string> {
    const held = await this.repository.remember(manager, emailHmac, currentKey);
    if (held !== currentKey) {
      await this.repository.repoint(manager, currentKey, held);
      await this.lifecycle.voterKeysMerged(manager, currentKey, held);
    }
    return held;
  }
}
