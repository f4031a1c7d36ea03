import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { DatabaseReplacement } from '../../common/database-replacement.js';
import { ReadinessChecks } from '../../common/readiness/readiness-checks.js';
import { MaintenanceRepository } from './maintenance.repository.js';

/** A restore waits for a few of these before it counts on every process having looked. */
export const LOOK_EVERY_MS = 1_000;

/** Knows whether the database is being replaced, without asking it at each request. */
@Injectable()
export class MaintenanceWatch implements OnModuleDestroy {
  private readonly logger = new Logger('maintenance');
  private inMaintenance = false;
  private database: number | undefined;
  private timer: NodeJS.Timeout | undefined;
  private isStopped = false;

  constructor(
    private readonly repository: MaintenanceRepository,
    private readonly replacement: DatabaseReplacement,
    checks: ReadinessChecks,
  ) {
    // Not down: a balancer that took every process out would answer in words of its own instead of MAINTENANCE.
    checks.override('backup', () =>
      this.inMaintenance
        ? { status: 'degraded', detail: 'Maintenance: a backup is being restored.' }
        : undefined,
    );
  }

  get isOn(): boolean {
    return this.inMaintenance;
  }

  /** Looks now and keeps looking. For services, not for commands. */
  async begin(): Promise<void> {
    await this.look();
    if (this.isStopped) return;
    this.timer = setTimeout(() => void this.begin(), LOOK_EVERY_MS).unref();
  }

  onModuleDestroy(): void {
    this.isStopped = true;
    clearTimeout(this.timer);
  }

  /** Where nothing can be seen, everything stays as it was: during a restore the database is away for a moment. */
  private async look(): Promise<void> {
    const state = await this.repository.look().catch(() => undefined);
    if (!state) return;
    if (this.database !== undefined && this.database !== state.database) {
      // Before any request is let in again: nothing that was true of the former database is known of this one.
      this.replacement.announce();
      this.logger.warn({ event_type: 'sys_restore' }, 'the database was replaced by another one');
    }
    this.database = state.database;
    if (this.inMaintenance !== state.isInMaintenance)
      this.logger.warn(
        { event_type: state.isInMaintenance ? 'sys_maintenance_started' : 'sys_maintenance_ended' },
        state.isInMaintenance ? 'maintenance has begun' : 'maintenance has ended',
      );
    this.inMaintenance = state.isInMaintenance;
  }
}
