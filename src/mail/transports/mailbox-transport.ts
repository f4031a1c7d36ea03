import { createTransport } from 'nodemailer';
import type { Clock } from '../../common/clock.js';
import type { Mailbox } from '../mailbox/mailbox.js';
import type { MailTransport, OutgoingMail } from './mail-transport.js';

/** Puts mails into a folder of this machine, as they would have gone over the wire. */
export class MailboxTransport implements MailTransport {
  private readonly composer = createTransport({ streamTransport: true, buffer: true, newline: 'unix' });

  constructor(
    private readonly mailbox: Mailbox,
    private readonly from: string,
    private readonly clock: Clock,
  ) {}

  async send({ id, to, subject, text, html }: OutgoingMail): Promise<void> {
    const date = this.clock.now();
    const { message } = await this.composer.sendMail({
      from: this.from,
      to: { name: '', address: to },
      subject,
      text,
      html,
      date,
      messageId: `<${id}@localhost>`,
    });
    await this.mailbox.put(
      { id, to, subject, text, html, created_at: date.toISOString() },
      message as Buffer,
    );
  }

  close(): void {
    this.composer.close();
  }
}
