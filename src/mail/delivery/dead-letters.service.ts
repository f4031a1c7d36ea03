import { Injectable } from '@nestjs/common';
import { KeysService } from '../../keys/keys.service.js';
import { MailMessagesRepository } from '../outbox/mail-messages.repository.js';
import { openLetter } from '../outbox/sealed-letter.js';
import { MailQueue } from './mail-queue.js';

/** A letter that nobody tries to send any more, as the operator sees it: for whom, but not what it says. */
export interface DeadLetter {
  id: string;
  kind: string;
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

  /** Oldest first. */
  async list(): Promise<DeadLetter[]> {
    const open = await this.messages.listOpen(await this.queue.listDead());
    return open.map(({ id, kind, keyId, sealed, createdAt }) => ({
      id,
      kind,
      to: openLetter(this.keys.ring, keyId, { id, kind }, sealed).to,
      createdAt,
    }));
  }

  /** @returns how many are tried again */
  retry(): Promise<number> {
    return this.queue.retryDead();
  }

  /** Erases them. @returns how many */
  async discard(): Promise<number> {
    const ids = await this.queue.listDead();
    for (const id of ids) await this.messages.finish(id, 'discarded');
    await this.queue.discardDead();
    return ids.length;
  }
}
