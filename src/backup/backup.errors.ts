import { AppError } from '../common/errors/app-error.js';

export class BackupNotFoundError extends AppError {
  constructor() {
    super('BACKUP_NOT_FOUND', 'There is no backup with this id.');
  }
}

export class BackupRunningError extends AppError {
  constructor() {
    super('BACKUP_RUNNING', 'A backup or a restore is running; try again when it has ended.');
  }
}
