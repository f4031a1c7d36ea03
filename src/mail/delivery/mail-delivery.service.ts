import { Injectable, Logger } from '@nestjs/common';
import { AppConfig } from '../../config/app-config.js';
import { SealBrokenError } from '../../crypto/crypto.errors.js';
import { KeysService } from '../../keys/keys.service.js';
import { isLetterKind, LETTERS } from '../letters/letters.js';
import type { Letter, Sender } from '../letters/letter.js';
import { renderLetter } from '../letters/render-letter.js';
import { MailMessagesRepository, type OpenMessage } from '../outbox/mail-messages.repository.js';
import { openLetter } from '../outbox/sealed-letter.js';
import type { MailOutcome } from '../outbox/mail-message.entity.js';
import {
  MailRefusedError,
  RecipientDeferredError,
  RecipientRefusedError,
  type MailTransport,
  type OutgoingMail,
} from '../transports/mail-transport.js';

/**
 * How one try ended. `failed`: again later; `deferred`: again later, and it is the recipient who keeps us waiting;
 * `dead`: never again by itself.
 */
export type Delivery = MailOutcome | 'failed' | 'deferred' | 'dead' | 'over';

/** Opens, renders and sends one letter. */
@Injectable()
export class MailDelivery {
  private readonly logger = new Logger('mail');

  constructor(
    private readonly messages: MailMessagesRepository,
    private readonly keys: KeysService,
    private readonly config: AppConfig,
  ) {}

  /** One try. What became of the letter is noted before this resolves. @param isLast whether no other one follows */
  async deliver(messageId: string, transport: MailTransport, isLast: boolean): Promise<Delivery> {
    const message = await this.messages.findOpen(messageId);
    if (!message) return 'over';
    if (message.hasExpired) return this.finish(message, 'expired');
    try {
      await transport.send(this.compose(message));
    } catch (error) {
      return this.refuse(message, error, isLast);
    }
    return this.finish(message, 'sent');
  }

  /** The letter as it goes out. @throws SealBrokenError when its row was tampered with */
  compose(message: OpenMessage): OutgoingMail {
    const { id, kind } = message;
    if (!isLetterKind(kind)) throw new MailRefusedError(new Error(`This version knows no letter "${kind}".`));
    const { to, data } = openLetter(this.keys.ring, message.keyId, message, message.sealed);
    const write = LETTERS[kind] as (data: unknown, sender: Sender) => Letter;
    const sender = { url: this.config.publicUrl };
    return { id, to, ...renderLetter(write(data, sender), sender) };
  }

  private async refuse(message: OpenMessage, error: unknown, isLast: boolean): Promise<Delivery> {
    if (error instanceof RecipientRefusedError) return this.finish(message, 'refused');
    const { id, kind } = message;
    const isDeferred = error instanceof RecipientDeferredError;
    const isDead = error instanceof MailRefusedError || error instanceof SealBrokenError;
    // The server's words would name the recipient.
    this.logger.warn(
      { event_type: 'mail_failed', mail_id: id, kind, reason: reasonOf(error) },
      isDead
        ? 'a mail cannot be sent'
        : isLast
          ? 'a mail could not be sent, for the last time'
          : 'a mail could not be sent; it is tried again',
    );
    // Else an address that somebody made up would be the operator's alarm.
    if (isDeferred && isLast) return this.finish(message, 'refused');
    if (isDeferred) return 'deferred';
    return isDead ? 'dead' : 'failed';
  }

  private async finish({ id }: OpenMessage, outcome: MailOutcome): Promise<MailOutcome> {
    await this.messages.finish([id], outcome);
    return outcome;
  }
}

/** What may be told of a failure: codes of ours, of the system and of SMTP, never a server's free text. */
export function reasonOf(error: unknown): string {
  const isOurs = error instanceof MailRefusedError || error instanceof RecipientDeferredError;
  const cause = isOurs ? error.cause : error;
  const { code, responseCode, command, name } = cause as {
    code?: unknown;
    responseCode?: unknown;
    command?: unknown;
    name?: unknown;
  };
  const known = [code, responseCode, command].filter(
    (part) => typeof part === 'number' || (typeof part === 'string' && /^[A-Z][A-Z0-9_ ]{0,30}$/.test(part)),
  );
  return known.length > 0 ? known.join(' ') : typeof name === 'string' ? name : 'unknown';
}
