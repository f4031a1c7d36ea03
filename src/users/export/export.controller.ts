import { Controller, Get, Res } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { ApiAnswer } from '../../common/http/api-answer.decorator.js';
import { ApiErrors } from '../../common/http/api-errors.decorator.js';
import { CurrentUser } from '../../common/http/current-user.decorator.js';
import type { Principal } from '../../common/http/principal.js';
import { AccountExportResponse } from './account-export.response.dto.js';
import { answerExport } from './answer-export.js';
import { ExportAccountService } from './export-account.service.js';

@ApiTags('Users')
@Controller('users/export')
export class ExportController {
  constructor(private readonly exports: ExportAccountService) {}

  /** Answers everything that the service keeps of me, as a file. Needs a login within the last 15 minutes. */
  @ApiAnswer('My account and all that belongs to it.')
  @ApiOkResponse({ type: AccountExportResponse })
  @ApiErrors('REAUTHENTICATION_REQUIRED', 'EXPORT_RUNNING', 'BUSY')
  @Get()
  export(@CurrentUser() user: Principal, @Res() reply: FastifyReply): Promise<void> {
    return answerExport(user, reply, this.exports);
  }
}
