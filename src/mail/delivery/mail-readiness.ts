import { Injectable } from '@nestjs/common';
import { ReadinessChecks, type Finding } from '../../common/readiness/readiness-checks.js';
import { AppConfig } from '../../config/app-config.js';
import { MailQueue } from './mail-queue.js';

/** Longer than a mail server may take that is only being restarted. */
const LATE_SECONDS = 15 * 60;

/** What `/ready` says of the mails. The service works without them, so they are never down. */
@Injectable()
export class MailReadiness {
  constructor(
    checks: ReadinessChecks,
    private readonly queue: MailQueue,
    private readonly config: AppConfig,
  ) {
    checks.register('mail', () => this.look());
  }

  private async look(): Promise<Finding> {
    if (this.config.mail.mode === 'disabled') return { status: 'off' };
    const { dead, oldestSeconds } = await this.queue.look();
    if (dead > 0)
      return {
        status: 'degraded',
        detail: `${dead} ${dead === 1 ? 'mail' : 'mails'} could not be sent; see "npm run cli -- mail:dead".`,
      };
    if (oldestSeconds > LATE_SECONDS)
      return {
        status: 'degraded',
        detail: `A mail has waited for ${Math.round(oldestSeconds / 60)} minutes; the log says why, "npm run cli -- mail:test" tries.`,
      };
    return { status: 'ok' };
  }
}
