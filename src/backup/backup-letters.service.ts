import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { MailOutbox } from '../mail/outbox/mail-outbox.service.js';
import { UsersService } from '../users/users.service.js';
import { BackupAlarms } from './backup-alarms.js';
import { BackupsRepository } from './backups.repository.js';

/** Writes to every active admin when backups begin to fail, and when they work again. */
@Injectable()
export class BackupLetters {
  constructor(
    private readonly backups: BackupsRepository,
    private readonly users: UsersService,
    private readonly outbox: MailOutbox,
    private readonly clock: Clock,
    alarms: BackupAlarms,
  ) {
    alarms.on('failed', () => this.tellFailure());
    alarms.on('recovered', () => this.tellRecovery());
  }

  /** Once for the failures that follow each other: they all come after the same good backup. */
  private async tellFailure(): Promise<void> {
    const [lastGood] = await this.backups.lastVerified(1);
    const data = {
      at: this.clock.now().toISOString(),
      lastGoodAt: lastGood?.finishedAt?.toISOString() ?? null,
    };
    await this.backups.transaction(async (manager) => {
      for (const { id, email: to } of await this.users.listActiveAdmins(manager)) {
        const event = `backup-failed:${lastGood?.id ?? 0}:${id}`;
        await this.outbox.enqueue({ kind: 'backupFailed', to, data, event }, manager);
      }
    });
  }

  private async tellRecovery(): Promise<void> {
    const [made] = await this.backups.lastVerified(1);
    if (!made) return;
    const data = { at: (made.verifiedAt ?? this.clock.now()).toISOString() };
    await this.backups.transaction(async (manager) => {
      for (const { id, email: to } of await this.users.listActiveAdmins(manager)) {
        const event = `backup-recovered:${made.id}:${id}`;
        await this.outbox.enqueue({ kind: 'backupRecovered', to, data, event }, manager);
      }
    });
  }
}
