import type { RenderedLetter } from '../letters/render-letter.js';

export interface OutgoingMail extends RenderedLetter {
  /** Stays the same over all tries. */
  readonly id: string;
  readonly to: string;
}

/** A way out for mails. */
export interface MailTransport {
  /**
   * Resolves once the mail is somebody else's to deliver.
   * @throws RecipientRefusedError when trying again is of no use: the address does not take mails
   * @throws RecipientDeferredError when it may work later, and what stands in the way is the address
   * @throws MailRefusedError when trying again is of no use: the server does not take this mail
   * @throws anything else when it may work later
   */
  send(mail: OutgoingMail): Promise<void>;
  close(): void;
}

/** The server knows no such recipient, or takes nothing for them. */
export class RecipientRefusedError extends Error {
  constructor(cause: unknown) {
    super('The recipient was refused.', { cause });
    this.name = 'RecipientRefusedError';
  }
}

/** The server does not take mails for this recipient now. */
export class RecipientDeferredError extends Error {
  constructor(cause: unknown) {
    super('The recipient was put off.', { cause });
    this.name = 'RecipientDeferredError';
  }
}

/** The server takes this mail from nobody. */
export class MailRefusedError extends Error {
  constructor(cause: unknown) {
    super('The mail was refused.', { cause });
    this.name = 'MailRefusedError';
  }
}
