import type { MailConfig } from '../../config/app-config.js';
import type { Clock } from '../../common/clock.js';
import { Mailbox } from '../mailbox/mailbox.js';
import { MailboxTransport } from './mailbox-transport.js';
import type { MailTransport } from './mail-transport.js';
import { SmtpTransport } from './smtp-transport.js';

/** The way out that is configured; undefined where mails are disabled. */
export function openTransport(config: MailConfig, clock: Clock): MailTransport | undefined {
  switch (config.mode) {
    case 'smtp':
      return new SmtpTransport(config.url ?? '', config.from);
    case 'mailbox':
      return new MailboxTransport(new Mailbox(config.mailboxDir), config.from, clock);
    case 'disabled':
      return undefined;
  }
}
