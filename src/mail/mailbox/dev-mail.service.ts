import { Injectable } from '@nestjs/common';
import { NotFoundError } from '../../common/errors/common.errors.js';
import { AppConfig } from '../../config/app-config.js';
import { isLoopback } from '../../config/loopback.js';
import type { MailboxResponse } from './dev-mail.response.dto.js';
import { Mailbox } from './mailbox.js';
import { renderMailbox } from './render-mailbox.js';

/** The mailbox of a service without an SMTP server, for who sits at its machine. */
@Injectable()
export class DevMailService {
  private readonly mailbox: Mailbox;
  private readonly isOpen: boolean;

  constructor(config: AppConfig) {
    this.mailbox = new Mailbox(config.mail.mailboxDir);
    this.isOpen = config.mail.mode === 'mailbox' && config.environment !== 'production';
  }

  /** @throws NotFoundError where there is no mailbox, or for somebody elsewhere */
  async list(address: string | null): Promise<MailboxResponse> {
    this.admit(address);
    return { items: await this.mailbox.list() };
  }

  /** The same as a page. */
  async page(address: string | null): Promise<string> {
    const { items } = await this.list(address);
    return renderMailbox(items);
  }

  async empty(address: string | null): Promise<void> {
    this.admit(address);
    await this.mailbox.empty();
  }

  private admit(address: string | null): void {
    if (!this.isOpen || address === null || !isLoopback(address)) throw new NotFoundError();
  }
}
