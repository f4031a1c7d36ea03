import { Controller, Delete, Get, Headers, HttpCode, Res, VERSION_NEUTRAL } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { ApiErrors } from '../../common/http/api-errors.decorator.js';
import { Public } from '../../common/http/public.decorator.js';
import { ClientAddress } from '../../common/http/client-address.decorator.js';
import { MailboxResponse } from './dev-mail.response.dto.js';
import { DevMailService } from './dev-mail.service.js';

/** Styles of its own and frames of its own making, no script, nothing from elsewhere. */
const PAGE_POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; base-uri 'self'; form-action 'none'; frame-ancestors 'none'";

@ApiTags('Development')
@Controller({ path: 'dev/mail', version: VERSION_NEUTRAL })
export class DevMailController {
  constructor(private readonly mailbox: DevMailService) {}

  /** The mails of a service without an SMTP server, newest first; a page for who accepts text/html. Only from the same machine, never in production. */
  @ApiOkResponse({ type: MailboxResponse, description: 'What was sent since it was emptied.' })
  @ApiErrors('NOT_FOUND')
  @Public()
  @Get()
  async list(
    @ClientAddress() address: string | null,
    @Headers('accept') accept: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<MailboxResponse | string> {
    if (!accept?.includes('text/html')) return this.mailbox.list(address);
    void reply
      .header('content-type', 'text/html; charset=utf-8')
      .header('content-security-policy', PAGE_POLICY);
    return this.mailbox.page(address);
  }

  /** Empties the mailbox. */
  @ApiNoContentResponse({ description: 'It is empty.' })
  @ApiErrors('NOT_FOUND')
  @Public()
  @HttpCode(204)
  @Delete()
  empty(@ClientAddress() address: string | null): Promise<void> {
    return this.mailbox.empty(address);
  }
}
