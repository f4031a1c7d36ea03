import { Injectable } from '@nestjs/common';
import { SealBrokenError } from '../../crypto/crypto.errors.js';
import { KeysService } from '../../keys/keys.service.js';
import { MailMessagesRepository, type KeptMessage } from '../outbox/mail-messages.repository.js';
import { openLetter } from '../outbox/sealed-letter.js';
import { MailQueue } from './mail-queue.js';

/** A letter that nobody tries to send any more, as the operator sees it: for whom, but not what it says. */
export interface DeadLetter {
  id: string;
  kind: string;
  /** The address, or in brackets why it cannot be told. */
  to: string;
  createdAt: Date;
}

/** What could not be sent, for the operator to decide about. */
@Injectable()
export class DeadLetters {
  constructor(
    private readonly queue: MailQueue,
    private readonly messages: MailMessagesRepository,
    private readonly keys: KeysService,
  ) {}

  /** Oldest first, also those whose time has come to an end since they died. */
  async list(): Promise<DeadLetter[]> {
    const dead = await this.queue.listDead();
    const messages = await this.messages.list(dead.map(({ messageId }) => messageId));
    return messages.map((message) => {
      const { id, kind, createdAt } = message;
      return { id, kind, to: this.recipientOf(message), createdAt };
    });
  }

  /** @returns how many are tried again */
  retry(): Promise<number> {
    return this.queue.retryDead();
  }

  /** Erases them, and none that dies meanwhile. @returns how many */
  async discard(): Promise<number> {
    const dead = await this.queue.listDead();
    if (dead.length === 0) return 0;
    const ids = dead.map(({ messageId }) => messageId);
    await this.messages.finish(ids, 'discarded');
    await this.queue.discardDead(dead);
    return dead.length;
  }

  private recipientOf(message: KeptMessage): string {
    if (message.outcome !== null) return `(erased: ${message.outcome})`;
    try {
      return openLetter(this.keys.ring, message.keyId, message, message.sealed).to;
    } catch (error) {
      if (error instanceof SealBrokenError) return '(unreadable)';
      throw error;
    }
  }
}
