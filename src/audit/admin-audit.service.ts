import { Readable } from 'node:stream';
import { Injectable, StreamableFile } from '@nestjs/common';
import { AuditService } from './audit.service.js';
import { ChainVerifier } from './chain/chain-verifier.service.js';
import { toChainReportResponse, type ChainReportResponse } from './chain/chain-report.response.dto.js';
import { AuditExportService } from './log/audit-export.service.js';
import type { ExportAuditQuery, ListAuditQuery } from './log/audit-log.dto.js';
import type { AuditPage } from './log/audit-log.response.dto.js';
import { AuditLogService } from './log/audit-log.service.js';

/** The log as admins read it. That they took it away or had it verified stands in it too. */
@Injectable()
export class AdminAuditService {
  private verifying: Promise<ChainReportResponse> | undefined;

  constructor(
    private readonly log: AuditLogService,
    private readonly exports: AuditExportService,
    private readonly verifier: ChainVerifier,
    private readonly audit: AuditService,
  ) {}

  list({ actor, subject, action, from, to, ...paging }: ListAuditQuery): Promise<AuditPage> {
    return this.log.list({ actorId: actor, subjectId: subject, eventType: action, from, before: to }, paging);
  }

  /** Whoever asks while the chain is being read gets the same answer. */
  verify(): Promise<ChainReportResponse> {
    this.verifying ??= this.verifyOnce().finally(() => {
      this.verifying = undefined;
    });
    return this.verifying;
  }

  async export({ from, to }: ExportAuditQuery): Promise<StreamableFile> {
    await this.audit.record('audit_exported', {
      details: { from: from?.toISOString() ?? null, to: to?.toISOString() ?? null },
    });
    return new StreamableFile(Readable.from(this.exports.lines({ from, before: to })), {
      type: 'application/x-ndjson',
      disposition: 'attachment; filename="audit.jsonl"',
    });
  }

  private async verifyOnce(): Promise<ChainReportResponse> {
    const report = await this.verifier.verify();
    await this.audit.record('audit_verified', {
      details: { is_intact: report.isIntact, head: report.head?.number ?? 0 },
    });
    return toChainReportResponse(report);
  }
}
