import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { AppConfig } from '../../config/app-config.js';
import { isInsufficientPrivilege } from '../../database/insufficient-privilege.js';
import { ADDRESS_DAYS } from './retention-days.js';
import { AuditRetentionRepository } from './retention.repository.js';

const FIRST_SWEEP_AFTER_MS = 60_000;
const SWEEP_EVERY_MS = 3_600_000;

/** Forgets what is too old: addresses after 30 days, whole batches of entries after AUDIT_RETENTION_DAYS. */
@Injectable()
export class AuditRetention implements OnModuleDestroy {
  private readonly logger = new Logger('security');
  private timer: NodeJS.Timeout | undefined;
  private isStopped = false;
  private sweeping: Promise<void> | undefined;

  constructor(
    private readonly repository: AuditRetentionRepository,
    private readonly config: AppConfig,
  ) {}

  /** Sweeps in a minute, when the start is over, and every hour. For services, not for commands. */
  begin(): void {
    this.plan(FIRST_SWEEP_AFTER_MS);
  }

  async onModuleDestroy(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.timer);
    await this.sweeping;
  }

  async sweep(): Promise<void> {
    const addresses = await this.repository.forgetAddresses(ADDRESS_DAYS);
    const batches = await this.repository.prune(this.config.auditRetentionDays);
    if (addresses + batches > 0)
      this.logger.log(
        { event_type: 'audit_pruned', addresses, batches },
        'old parts of the audit log were deleted',
      );
  }

  private plan(afterMs: number): void {
    if (this.isStopped) return;
    this.timer = setTimeout(() => {
      this.sweeping = this.sweepAndTell().finally(() => {
        this.plan(SWEEP_EVERY_MS);
      });
    }, afterMs).unref();
  }

  private async sweepAndTell(): Promise<void> {
    try {
      await this.sweep();
    } catch (error) {
      this.logger.error(
        { event_type: 'audit_prune_failed', err: error },
        isInsufficientPrivilege(error)
          ? 'old parts of the audit log are not deleted: only the owner of the database may, see DATABASE_OWNER_URL'
          : 'old parts of the audit log could not be deleted',
      );
    }
  }
}
