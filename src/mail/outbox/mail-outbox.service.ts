import { randomUUID } from 'node:crypto';
import { Injectable, Logger } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { AppConfig } from '../../config/app-config.js';
import { SealBrokenError } from '../../crypto/crypto.errors.js';
import type { KeyRing } from '../../crypto/key-ring.js';
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

/** Takes letters in, inside the transaction of what they tell. */
@Injectable()
export class MailOutbox implements KeyHolder {
  readonly what = 'mails';
  private readonly logger = new Logger('mail');
  /** Letters that did not open when they were to be sealed again: reported once, then stepped over. */
  private readonly broken = new Set<string>();

  constructor(
    private readonly messages: MailMessagesRepository,
    private readonly queue: MailQueue,
    private readonly keys: KeysService,
    private readonly config: AppConfig,
  ) {
    keys.register(this);
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
   * Like enqueue, for a letter of which only so many may be sent: each takes the first of these events that was not told
   * yet, also when many come at once.
   * @returns whether there was one
   */
  async enqueueWithin<K extends LetterKind>(
    letter: Omit<LetterToSend<K>, 'event'>,
    events: readonly string[],
    manager: EntityManager,
  ): Promise<boolean> {
    if (!this.isOpen) return false;
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
