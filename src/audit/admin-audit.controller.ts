import { Controller, Get, Query, type StreamableFile } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { ApiAnswer } from '../common/http/api-answer.decorator.js';
import { Roles } from '../common/http/roles.decorator.js';
import { AdminAuditService } from './admin-audit.service.js';
import { ChainReportResponse } from './chain/chain-report.response.dto.js';
import { ExportAuditQuery, ListAuditQuery } from './log/audit-log.dto.js';
import { AuditPage } from './log/audit-log.response.dto.js';

const LINE =
  '{"actor_id":42,"address_hash":null,"at":"2026-01-05T09:00:00.123456Z","details":{},"event_type":"user_updated","id":4711,"kind":"entry","request_id":null,"seal":17,"session_id":null,"subject_id":42,"xid":815}\n';

@ApiTags('Admin')
@Roles('admin')
@Controller('admin/audit')
export class AdminAuditController {
  constructor(private readonly audit: AdminAuditService) {}

  /** Lists what happened, newest first. */
  @ApiAnswer('A page of entries.')
  @Get()
  list(@Query() query: ListAuditQuery): Promise<AuditPage> {
    return this.audit.list(query);
  }

  /** Computes the whole chain again and names the first batch that is not as it was sealed. */
  @ApiAnswer('Whether it is intact, and what to note of it elsewhere.')
  @Get('verify')
  verify(): Promise<ChainReportResponse> {
    return this.audit.verify();
  }

  /** Gives the log away as JSON lines, batch by batch with their seals. */
  @ApiOkResponse({ content: { 'application/x-ndjson': { schema: { type: 'string' }, example: LINE } } })
  @ApiAnswer('One JSON object a line.')
  @Get('export')
  export(@Query() query: ExportAuditQuery): Promise<StreamableFile> {
    return this.audit.export(query);
  }
}
