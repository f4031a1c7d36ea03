import { Module } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { TypeOrmModule } from '@nestjs/typeorm';
import { KeysModule } from '../keys/keys.module.js';
import { AdminBackupsController } from './admin-backups.controller.js';
import { BackupAlarms } from './backup-alarms.js';
import { BackupSchedule } from './backup-schedule.service.js';
import { BackupStatusService } from './backup-status.service.js';
import { Backup } from './backup.entity.js';
import { BackupsRepository } from './backups.repository.js';
import { BackupsService } from './backups.service.js';

@Module({
  imports: [KeysModule, ScheduleModule.forRoot(), TypeOrmModule.forFeature([Backup])],
  controllers: [AdminBackupsController],
  providers: [BackupsRepository, BackupsService, BackupStatusService, BackupAlarms, BackupSchedule],
})
export class BackupModule {}
