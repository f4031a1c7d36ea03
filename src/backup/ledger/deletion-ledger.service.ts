import { Injectable, Logger } from '@nestjs/common';
import { AppConfig } from '../../config/app-config.js';
import { UserLifecycle } from '../../users/user-lifecycle.js';
import { prepareBackupFolder } from '../archive/backup-files.js';
import { AccountDeletionsRepository, type DeletionRow } from './account-deletions.repository.js';
import { appendDeletions, readDeletions, type Deletion } from './deletions-file.js';

/** Remembers which accounts were deleted, so that no backup brings them back: in the database and beside the backups. */
@Injectable()
export class DeletionLedger {
  private readonly logger = new Logger('backup');

  constructor(
    private readonly repository: AccountDeletionsRepository,
    private readonly config: AppConfig,
    lifecycle: UserLifecycle,
  ) {
    lifecycle.on('accountDeleted', (manager, userId) => repository.add(manager, userId));
    lifecycle.on('accountGone', (userId) => this.write(userId));
  }

  /** Adds to the file what only the table knows: deletions at a process with another disk, or while this one was full. */
  async completeFile(): Promise<void> {
    const { dir } = this.config.backup;
    const known = new Set((await readDeletions(dir)).map(keyOf));
    const rows = (await this.repository.list()).map(toDeletion);
    await appendDeletions(
      dir,
      rows.filter((row) => !known.has(keyOf(row))),
    );
  }

  /** The account is gone already, and the table knows: a disk that is full is no reason to tell its owner otherwise. */
  private async write(userId: number): Promise<void> {
    const { dir } = this.config.backup;
    try {
      await prepareBackupFolder(dir);
      await appendDeletions(dir, (await this.repository.find(userId)).map(toDeletion));
    } catch (error) {
      this.logger.error(
        { event_type: 'deletion_not_noted', err: error },
        'a deletion could not be noted beside the backups; the next backup does it',
      );
    }
  }
}

function toDeletion({ service, userId, deletedAt }: DeletionRow): Deletion {
  return { service, user_id: userId, deleted_at: deletedAt.toISOString() };
}

function keyOf({ service, user_id }: Deletion): string {
  return `${user_id} ${service ?? ''}`;
}
