import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { KeysModule } from '../keys/keys.module.js';
import { AdminAuditController } from './admin-audit.controller.js';
import { AdminAuditService } from './admin-audit.service.js';
import { AuditAddress } from './audit-address.entity.js';
import { AuditEvent } from './audit-event.entity.js';
import { AuditMetrics } from './audit-metrics.js';
import { AuditRepository } from './audit.repository.js';
import { AuditService } from './audit.service.js';
import { OwnEventsRepository } from './own-events.repository.js';
import { OwnEventsService } from './own-events.service.js';
import { ChainVerifier } from './chain/chain-verifier.service.js';
import { ChainRepository } from './chain/chain.repository.js';
import { CommittedEvents } from './committed-events.repository.js';
import { AuditExportService } from './log/audit-export.service.js';
import { AuditLogRepository } from './log/audit-log.repository.js';
import { AuditLogService } from './log/audit-log.service.js';
import { AuditRetention } from './retention/audit-retention.service.js';
import { AuditRetentionRepository } from './retention/retention.repository.js';
import { AuditSealEntry } from './seals/audit-seal-entry.entity.js';
import { AuditSeal } from './seals/audit-seal.entity.js';
import { AuditSealer } from './seals/audit-sealer.service.js';
import { SealsRepository } from './seals/seals.repository.js';
import { SigningRing } from './seals/signing-ring.js';

@Module({
  imports: [KeysModule, TypeOrmModule.forFeature([AuditEvent, AuditAddress, AuditSeal, AuditSealEntry])],
  controllers: [AdminAuditController],
  providers: [
    AuditRepository,
    AuditService,
    CommittedEvents,
    SealsRepository,
    SigningRing,
    AuditSealer,
    AuditMetrics,
    ChainRepository,
    ChainVerifier,
    AuditLogRepository,
    AuditLogService,
    AuditExportService,
    AuditRetentionRepository,
    AuditRetention,
    AdminAuditService,
    OwnEventsRepository,
    OwnEventsService,
  ],
  exports: [
    AuditService,
    AuditSealer,
    AuditLogService,
    AuditExportService,
    AuditRetention,
    ChainVerifier,
    OwnEventsService,
  ],
})
export class AuditModule {}
