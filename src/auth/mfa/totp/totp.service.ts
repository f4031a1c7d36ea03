import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Clock } from '../../../common/clock.js';
import { BackupCodesService } from '../backup-codes/backup-codes.service.js';
import { SecondFactorService, type SecondFactorMethod } from '../second-factor.service.js';
import { matchTotp } from './totp-code.js';
import { TotpSecretsService } from './totp-secrets.service.js';
import { TotpRepository } from './totp.repository.js';

/** An authenticator app as its owner may keep it: nothing that makes a code. */
export interface OwnTotp {
  method: 'totp';
  since: Date;
  backup_codes_left: number;
}

/** Codes of an authenticator app that is in force, and the backup codes that came with it. */
@Injectable()
export class TotpService {
  constructor(
    private readonly repository: TotpRepository,
    private readonly secrets: TotpSecretsService,
    private readonly backupCodes: BackupCodesService,
    private readonly clock: Clock,
    secondFactors: SecondFactorService,
  ) {
    secondFactors.register({
      methodsOf: (userId, manager) => this.methodsOf(userId, manager),
      remove: (manager, userId) => this.remove(manager, userId),
    });
  }

  /**
   * The step whose code this is, by this process's clock. Counts only once `useStep` has said so.
   * @returns undefined for a wrong code, and where no app is in force
   * @throws SealBrokenError when the stored secret was changed
   */
  async matchCode(userId: number, code: string): Promise<number | undefined> {
    const sealed = await this.repository.findConfirmed(userId);
    return sealed && matchTotp(this.secrets.open(userId, sealed), code, this.clock.now());
  }

  /** Uses the code of a step up, in the transaction of what it is used for. @returns false for one that was used */
  useStep(manager: EntityManager, userId: number, step: number): Promise<boolean> {
    return this.repository.useStep(manager, userId, step);
  }

  async isInForce(userId: number): Promise<boolean> {
    return (await this.repository.confirmedAt(userId)) !== undefined;
  }

  async describe(userId: number): Promise<OwnTotp | undefined> {
    const since = await this.repository.confirmedAt(userId);
    return since && { method: 'totp', since, backup_codes_left: await this.backupCodes.countUnused(userId) };
  }

  /** Takes the app and its backup codes from an account. @returns whether one was in force */
  async remove(manager: EntityManager, userId: number): Promise<boolean> {
    await this.backupCodes.removeAll(manager, userId);
    return this.repository.remove(manager, userId);
  }

  private async methodsOf(userId: number, manager?: EntityManager): Promise<SecondFactorMethod[]> {
    if ((await this.repository.confirmedAt(userId, manager)) === undefined) return [];
    return (await this.backupCodes.countUnused(userId, manager)) > 0 ? ['totp', 'backup_code'] : ['totp'];
  }
}
