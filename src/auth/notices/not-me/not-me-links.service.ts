import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { AppConfig } from '../../../config/app-config.js';
import { deriveSubkey } from '../../../crypto/derive-subkey.js';
import { drawRandom } from '../../../crypto/draw-random.js';
import { hmacSha256 } from '../../../crypto/hmac.js';
import { parseKeyRing } from '../../../crypto/parse-key-ring.js';
import { NotMeLinksRepository, type FoundNotMeLink, type NewNotMeLink } from './not-me-links.repository.js';

const LOOKUP_CONTEXT = 'mc101/not-me-lookup/v1';
const LIFETIME_SECONDS = 7 * 86_400;

/** What the links of "this was not me" carry: opaque, stored only as a keyed hash under TOKEN_PEPPER. */
@Injectable()
export class NotMeLinks {
  /** The first writes, all read: a link outlives a rotation. */
  private readonly lookupKeys: readonly [Buffer, ...Buffer[]];

  constructor(
    private readonly repository: NotMeLinksRepository,
    config: AppConfig,
  ) {
    const ring = parseKeyRing('TOKEN_PEPPER', config.secrets.TOKEN_PEPPER);
    const keys = ring.ids.map((id) => deriveSubkey(ring.find(id), LOOKUP_CONTEXT));
    this.lookupKeys = keys as [Buffer, ...Buffer[]];
  }

  /** @returns 256 bits, base64url, for one mailbox alone; and what is stored of them */
  draw(): { token: string; hash: Buffer; lifetimeSeconds: number } {
    const token = drawRandom(32).toString('base64url');
    return { token, hash: hmacSha256(this.lookupKeys[0], token), lifetimeSeconds: LIFETIME_SECONDS };
  }

  /** Makes a link good for its lifetime, and for as long as the account has this address, in the transaction that mails it. */
  async keep(
    manager: EntityManager,
    login: Omit<NewNotMeLink, 'tokenHash' | 'lifetimeSeconds'>,
    tokenHash: Buffer,
  ): Promise<void> {
    await this.repository.add(manager, { ...login, tokenHash, lifetimeSeconds: LIFETIME_SECONDS });
  }

  /** @returns which login a link is about, if it is good */
  find(token: string): Promise<FoundNotMeLink | undefined> {
    return this.repository.find(this.hashesOf(token));
  }

  /** Under every key of the ring, the writing one first. */
  hashesOf(token: string): Buffer[] {
    return this.lookupKeys.map((key) => hmacSha256(key, token));
  }

  /**
   * Uses it up, with every other one of the account, which is locked. Of many at once one does.
   * @returns since when somebody else may have been in: the first login that any of them is about; undefined when another
   * was first
   */
  use(manager: EntityManager, link: FoundNotMeLink): Promise<Date | undefined> {
    return this.repository.use(manager, link);
  }

  /** When the first login was that the owner may still say was not theirs. */
  firstLogin(manager: EntityManager, userId: number): Promise<Date | undefined> {
    return this.repository.firstLogin(manager, userId);
  }
}
