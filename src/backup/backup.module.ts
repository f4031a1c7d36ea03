import { Module } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuditModule } from '../audit/audit.module.js';
import { KeysModule } from '../keys/keys.module.js';
import { MailModule } from '../mail/mail.module.js';
import { UsersModule } from '../users/users.module.js';
import { AdminBackupsController } from './admin-backups.controller.js';
import { BackupAlarms } from './backup-alarms.js';
import { BackupLetters } from './backup-letters.service.js';
import { BackupMetrics } from './backup-metrics.js';
import { BackupSchedule } from './backup-schedule.service.js';
import { BackupStatusService } from './backup-status.service.js';
import { Backup } from './backup.entity.js';
import { BackupsRepository } from './backups.repository.js';
import { BackupsService } from './backups.service.js';
import { ClockWatch } from './runs/clock-watch.js';
import { AccountDeletion } from './ledger/account-deletion.entity.js';
import { AccountDeletionsRepository } from './ledger/account-deletions.repository.js';
import { DeletionLedger } from './ledger/deletion-ledger.service.js';
import { MaintenanceRepository } from './maintenance/maintenance.repository.js';
import { MaintenanceWatch } from './maintenance/maintenance-watch.service.js';
import { Maintenance } from './maintenance/maintenance.entity.js';

@Module({
  imports: [
    AuditModule,
    KeysModule,
    MailModule,
    UsersModule,
    ScheduleModule.forRoot(),
    TypeOrmModule.forFeature([AccountDeletion, Backup, Maintenance]),
  ],
  controllers: [AdminBackupsController],
  providers: [
    BackupsRepository,
    BackupsService,
    BackupStatusService,
    ClockWatch,
    BackupAlarms,
    BackupLetters,
    BackupMetrics,
    BackupSchedule,
    AccountDeletionsRepository,
    DeletionLedger,
    MaintenanceRepository,
    MaintenanceWatch,
  ],
})
export class BackupModule {}
