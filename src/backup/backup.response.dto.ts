import { ApiProperty } from '@nestjs/swagger';
import type { Backup } from './backup.entity.js';

/** One run. */
export class BackupResponse {
  /** @example 17 */
  id!: number;
  @ApiProperty({ enum: ['schedule', 'manual'], example: 'schedule' })
  reason!: 'schedule' | 'manual';
  @ApiProperty({
    type: String,
    nullable: true,
    example: 'mc101-20260105T090000Z-1f2e3d4c.dump',
    description: 'Its name in BACKUP_DIR; null until it is verified, and once it has expired.',
  })
  file!: string | null;
  @ApiProperty({ enum: ['running', 'verified', 'failed'], example: 'verified' })
  state!: 'running' | 'verified' | 'failed';
  /** @example "2026-01-05T09:00:00.000Z" */
  started_at!: Date;
  @ApiProperty({ type: String, format: 'date-time', nullable: true, example: '2026-01-05T09:00:07.000Z' })
  finished_at!: Date | null;
  @ApiProperty({ type: Number, nullable: true, example: 148_213 })
  bytes!: number | null;
  @ApiProperty({
    type: String,
    nullable: true,
    example: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
  })
  sha256!: string | null;
  @ApiProperty({ type: String, format: 'date-time', nullable: true, example: '2026-01-05T09:00:07.000Z' })
  verified_at!: Date | null;
  @ApiProperty({
    enum: ['restore', 'read'],
    nullable: true,
    example: 'restore',
    description: 'How it was proven: restored into a scratch database, or read through.',
  })
  verification!: 'restore' | 'read' | null;
  @ApiProperty({
    type: String,
    nullable: true,
    example: null,
    description: 'Why it was only read through, where it should have been restored.',
  })
  note!: string | null;
  @ApiProperty({ type: String, nullable: true, example: null, description: 'Why it failed.' })
  error!: string | null;
}

export class BackupPage {
  items!: BackupResponse[];
  @ApiProperty({ type: String, nullable: true, example: 'WzE3XQ' })
  next_cursor!: string | null;
}

export class BackupStarted {
  /** @example 18 */
  id!: number;
}

export function toBackupResponse(backup: Backup): BackupResponse {
  return {
    id: backup.id,
    reason: backup.reason,
    file: backup.file,
    state: backup.state,
    started_at: backup.startedAt,
    finished_at: backup.finishedAt,
    bytes: backup.bytes,
    sha256: backup.sha256,
    verified_at: backup.verifiedAt,
    verification: backup.verification,
    note: backup.note,
    error: backup.error,
  };
}
