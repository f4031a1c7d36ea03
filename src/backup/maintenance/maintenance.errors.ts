import { AppError } from '../../common/errors/app-error.js';

const RETRY_AFTER_SECONDS = 5;

export class MaintenanceError extends AppError {
  constructor() {
    super('MAINTENANCE', 'The service is under maintenance; try again shortly.', {
      retryAfterSeconds: RETRY_AFTER_SECONDS,
    });
  }
}
