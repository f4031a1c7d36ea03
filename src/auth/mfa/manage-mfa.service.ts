import { Injectable } from '@nestjs/common';
import { AuditService } from '../../audit/audit.service.js';
import type { Principal } from '../../common/http/principal.js';
import { SecurityNotices } from '../notices/security-notices.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { BackupCodesService } from './backup-codes/backup-codes.service.js';
import { MfaNotEnabledError } from './mfa.errors.js';
import { MfaTokensService } from './pending/mfa-tokens.service.js';
import { ProveAgainService, type Proof } from './prove-again.service.js';
import { TotpService } from './totp/totp.service.js';

/** What the owner of an authenticator app does with it once it is in force. */
@Injectable()
export class ManageMfaService {
  constructor(
    private readonly proofs: ProveAgainService,
    private readonly totp: TotpService,
    private readonly backupCodes: BackupCodesService,
    private readonly tokens: MfaTokensService,
    private readonly sessions: SessionsService,
    private readonly audit: AuditService,
    private readonly notices: SecurityNotices,
  ) {}

  /**
   * Takes the app and its backup codes from the account, and ends every other session.
   * @throws MfaNotEnabledError
   * @throws WrongCurrentPasswordError
   * @throws CodeInvalidError
   * @throws LockedOutError when this session gave too many wrong ones
   */
  async disable(principal: Principal, proof: Proof): Promise<void> {
    const { userId, session } = principal;
    await this.requireApp(userId);
    await this.proofs.prove(principal, proof, 'authn_mfa_change_fail', async (manager) => {
      if (!(await this.totp.remove(manager, userId))) throw new MfaNotEnabledError();
      await this.tokens.removeAll(manager, userId);
      await this.sessions.endAll(manager, userId, 'mfa-changed', { exceptSessionId: session.id });
      await this.audit.record(
        'authn_mfa_disabled',
        { subjectId: userId, details: { method: 'totp' } },
        manager,
      );
      await this.notices.announce({ kind: 'mfa_changed', userId, change: 'disabled' }, manager);
    });
  }

  /**
   * @returns new backup codes, for their owner alone; the former ones are void
   * @throws MfaNotEnabledError
   * @throws CodeInvalidError
   * @throws LockedOutError when this session gave too many wrong ones
   */
  async replaceBackupCodes(principal: Principal, code: string): Promise<string[]> {
    const { userId } = principal;
    await this.requireApp(userId);
    return this.proofs.prove(principal, { code }, 'authn_mfa_change_fail', async (manager) => {
      const codes = await this.backupCodes.replace(manager, userId);
      await this.audit.record('authn_backup_codes_replaced', { subjectId: userId }, manager);
      await this.notices.announce({ kind: 'mfa_changed', userId, change: 'backup_codes_replaced' }, manager);
      return codes;
    });
  }

  private async requireApp(userId: number): Promise<void> {
    if (!(await this.totp.isInForce(userId))) throw new MfaNotEnabledError();
  }
}
