import { Injectable } from '@nestjs/common';
import { decodeIdCursor, pageOf } from '../../common/http/cursor.js';
import { AuditLogRepository, type AuditFilter } from './audit-log.repository.js';
import { toAuditEntryResponse, type AuditPage } from './audit-log.response.dto.js';

/** Reads the log, newest first. */
@Injectable()
export class AuditLogService {
  constructor(private readonly repository: AuditLogRepository) {}

  async list(filter: AuditFilter, { limit, cursor }: { limit: number; cursor?: string }): Promise<AuditPage> {
    const found = await this.repository.listNewestFirst(filter, decodeIdCursor(cursor), limit + 1);
    const { items, next_cursor } = pageOf(found, limit, ({ id }) => [id]);
    return { items: items.map(toAuditEntryResponse), next_cursor };
  }
}
