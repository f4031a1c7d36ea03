import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { AppConfig } from '../../../config/app-config.js';
import { OpaqueTokens } from '../../tokens/opaque-tokens.js';
import { NotMeLinksRepository, type FoundNotMeLink, type NewNotMeLink } from './not-me-links.repository.js';

const LIFETIME_SECONDS = 7 * 86_400;

/** What the links of "this was not me" carry: opaque, stored only as a keyed hash under TOKEN_PEPPER. */
@Injectable()
export class NotMeLinks {
  private readonly tokens: OpaqueTokens;

  constructor(
    private readonly repository: NotMeLinksRepository,
    config: AppConfig,
  ) {
    this.tokens = new OpaqueTokens(config, 'mc101/not-me-lookup/v1');
  }

  /** @returns 256 bits, base64url, for one mailbox alone; and what is stored of them */
  draw(): { token: string; hash: Buffer; lifetimeSeconds: number } {
    return { ...this.tokens.draw(), lifetimeSeconds: LIFETIME_SECONDS };
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
    return this.tokens.hashesOf(token);
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
