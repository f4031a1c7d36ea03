import { randomUUID } from 'node:crypto';
import { Injectable, Logger } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { AppConfig } from '../../config/app-config.js';
import { SealBrokenError } from '../../crypto/crypto.errors.js';
import { deriveSubkey } from '../../crypto/derive-subkey.js';
import { hmacSha256 } from '../../crypto/hmac.js';
import type { KeyRing } from '../../crypto/key-ring.js';
import { parseKeyRing } from '../../crypto/parse-key-ring.js';
import type { KeyHolder } from '../../keys/key-holder.js';
import { KeysService } from '../../keys/keys.service.js';
import { MailQueue } from '../delivery/mail-queue.js';
import type { LetterData, LetterKind } from '../letters/letters.js';
import { MailMessagesRepository, type SealedMessage } from './mail-messages.repository.js';
import { openLetter, sealLetter } from './sealed-letter.js';

/** A letter to be written. */
export interface LetterToSend<K extends LetterKind> {
  readonly kind: K;
  /** One address. */
  readonly to: string;
  readonly data: LetterData<K>;
  /** Names what happened: a second letter about it is none. For example `email-verification:<code id>`. */
  readonly event: string;
  /** After which it must not be sent any more, for what it carries has ended. */
  readonly expiresAt?: Date;
}

/** How many letters one address may get. */
export interface Share {
  /** What they are counted by beside the address, for example `notice:lockout:2026-01-05`. */
  readonly about: string;
  /** In the form in which addresses are compared. It is stored as a keyed hash: it outlives its account. */
  readonly address: string;
  readonly atMost: number;
}

/** Takes letters in, inside the transaction of what they tell. */
@Injectable()
export class MailOutbox implements KeyHolder {
  readonly what = 'mails';
  private readonly logger = new Logger('mail');
  /** Letters that did not open when they were to be sealed again: reported once, then stepped over. */
  private readonly broken = new Set<string>();
  private readonly addressKey: Buffer;

  constructor(
    private readonly messages: MailMessagesRepository,
    private readonly queue: MailQueue,
    private readonly keys: KeysService,
    private readonly config: AppConfig,
  ) {
    keys.register(this);
    const pepper = parseKeyRing('TOKEN_PEPPER', config.secrets.TOKEN_PEPPER);
    this.addressKey = deriveSubkey(pepper.current, 'mc101/mail-shares/v1');
  }

  /** Whether letters are sent at all. */
  get isOpen(): boolean {
    return this.config.mail.mode !== 'disabled';
  }

  /** Commits and rolls back with everything else. Where mails are disabled, nothing happens. */
  async enqueue<K extends LetterKind>(letter: LetterToSend<K>, manager: EntityManager): Promise<void> {
    if (this.isOpen) await this.add(letter, manager);
  }

  /**
   * Like enqueue, for a letter of which an address may only get so many, whichever account it is about: each takes the
   * first place that is free, also when many come at once.
   * @returns whether there was one
   */
  async enqueueWithin<K extends LetterKind>(
    letter: Omit<LetterToSend<K>, 'event'>,
    { about, address, atMost }: Share,
    manager: EntityManager,
  ): Promise<boolean> {
    if (!this.isOpen) return false;
    const whose = hmacSha256(this.addressKey, address).toString('base64url');
    const events = Array.from({ length: atMost }, (_, n) => `${about}:${whose}:${n + 1}`);
    for (;;) {
      const event = await this.messages.firstUntold(manager, events);
      if (event === undefined) return false;
      if (await this.add({ ...letter, event }, manager)) return true;
    }
  }

  keyIdsInUse(): Promise<string[]> {
    return this.messages.keyIdsInUse();
  }

  /** A letter that does not open stays as it is, so that its ring entry still counts as needed. */
  async rewrapBatch(ring: KeyRing, limit: number, manager: EntityManager): Promise<number> {
    for (;;) {
      const messages = await this.messages.lockSealedByOthers(manager, ring.current.id, limit, [
        ...this.broken,
      ]);
      const resealed = messages.flatMap((message) => this.reseal(ring, message) ?? []);
      // A batch of nothing but broken ones must not read as the end.
      if (resealed.length === 0 && messages.length > 0) continue;
      if (resealed.length > 0) await this.messages.reseal(manager, resealed);
      return resealed.length;
    }
  }

  private reseal(ring: KeyRing, message: SealedMessage): SealedMessage | undefined {
    try {
      const content = openLetter(ring, message.keyId, message, message.sealed);
      const { current } = ring;
      return { ...message, keyId: current.id, sealed: sealLetter(current, message, content) };
    } catch (error) {
      if (!(error instanceof SealBrokenError)) throw error;
      const { id, kind, keyId } = message;
      this.broken.add(id);
      this.logger.error(
        { event_type: 'mail_unreadable', mail_id: id, kind, key_id: keyId },
        'a mail does not open and was not sealed again',
      );
      return undefined;
    }
  }

  /** @returns false when a letter about this event was enqueued before */
  private async add<K extends LetterKind>(
    { kind, to, data, event, expiresAt }: LetterToSend<K>,
    manager: EntityManager,
  ): Promise<boolean> {
    const id = randomUUID();
    const { current } = this.keys.ring;
    const isNew = await this.messages.add(manager, {
      id,
      eventKey: event,
      kind,
      keyId: current.id,
      sealed: sealLetter(current, { id, kind }, { to, data }),
      expiresAt: expiresAt ?? null,
    });
    if (isNew) await this.queue.add(id, manager);
    return isNew;
  }
}
