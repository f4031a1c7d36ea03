import { Injectable } from '@nestjs/common';
import { renderSVG } from 'uqr';
import { AuditService } from '../../../audit/audit.service.js';
import { Clock } from '../../../common/clock.js';
import type { Principal } from '../../../common/http/principal.js';
import { AppConfig } from '../../../config/app-config.js';
import { drawRandom } from '../../../crypto/draw-random.js';
import { requireRecentAuthentication } from '../../../users/require-recent-authentication.js';
import { UsersService } from '../../../users/users.service.js';
import type { Admission } from '../../lockouts/admission.js';
import { ProofGate } from '../../lockouts/proof-gate.service.js';
import { SecurityNotices } from '../../notices/security-notices.js';
import { SessionsService } from '../../sessions/sessions.service.js';
import { BackupCodesService } from '../backup-codes/backup-codes.service.js';
import { MfaPolicy } from '../mfa-policy.service.js';
import { CodeInvalidError, MfaAlreadyEnabledError, MfaSetupNotStartedError } from '../mfa.errors.js';
import { describeTotp, matchTotp, TOTP_SECRET_BYTES } from './totp-code.js';
import { TotpSecretsService } from './totp-secrets.service.js';
import { TotpRepository } from './totp.repository.js';

/** What an authenticator app needs to know, shown once. */
export interface TotpSetup {
  base32: string;
  url: string;
  /** The URL as a QR code. */
  svg: string;
}

/** From an account without an authenticator app to one with an app and backup codes. */
@Injectable()
export class EnrolTotpService {
  constructor(
    private readonly repository: TotpRepository,
    private readonly secrets: TotpSecretsService,
    private readonly backupCodes: BackupCodesService,
    private readonly users: UsersService,
    private readonly sessions: SessionsService,
    private readonly gate: ProofGate,
    private readonly policy: MfaPolicy,
    private readonly audit: AuditService,
    private readonly notices: SecurityNotices,
    private readonly clock: Clock,
    private readonly config: AppConfig,
  ) {}

  /**
   * Draws a secret. It has no effect until a code of it is confirmed; beginning again draws another one.
   * @throws ReauthenticationRequiredError when the login is older than 15 minutes
   * @throws PasskeyLoginRequiredError
   * @throws MfaAlreadyEnabledError
   */
  async begin(principal: Principal): Promise<TotpSetup> {
    requireRecentAuthentication(principal);
    await this.policy.requireProvenFactor(principal);
    const { userId, email } = principal;
    const secret = drawRandom(TOTP_SECRET_BYTES);
    if (!(await this.repository.begin(userId, this.secrets.seal(userId, secret))))
      throw new MfaAlreadyEnabledError();
    const { base32, url } = describeTotp(secret, { issuer: this.config.mfa.totpIssuer, account: email });
    return { base32, url, svg: renderSVG(url, { ecc: 'M', border: 2 }) };
  }

  /**
   * Puts the app in force and ends every other session: those began without it.
   * @returns the backup codes, for their owner alone and never again
   * @throws ReauthenticationRequiredError when the login is older than 15 minutes
   * @throws MfaSetupNotStartedError when nothing was begun within the last hour, or the app is in force already
   * @throws CodeInvalidError
   * @throws PasskeyLoginRequiredError
   * @throws LockedOutError when this session gave too many wrong ones
   */
  async confirm(principal: Principal, code: string): Promise<string[]> {
    requireRecentAuthentication(principal);
    const admission = await this.gate.enterCode(principal);
    try {
      return await this.confirmOnceAdmitted(admission, principal, code);
    } catch (error) {
      await admission.withdrawn();
      throw error;
    }
  }

  private async confirmOnceAdmitted(
    admission: Admission<void>,
    principal: Principal,
    code: string,
  ): Promise<string[]> {
    const { userId, session } = principal;
    const begun = await this.repository.findBegun(userId);
    if (!begun) throw new MfaSetupNotStartedError();
    const step = matchTotp(this.secrets.open(userId, begun), code, this.clock.now());
    if (step === undefined) {
      await admission.failed('wrong_code');
      throw new CodeInvalidError();
    }
    return this.users.transaction(async (manager) => {
      // Before anything else: a login that begins its session now sees the app, or its session is ended below.
      await this.users.lock(manager, userId);
      await this.sessions.requireAlive(manager, principal);
      await this.policy.requireProvenFactor(principal, manager);
      if (!(await this.repository.confirm(manager, userId, begun.sealedSecret, step)))
        throw new MfaSetupNotStartedError();
      const codes = await this.backupCodes.replace(manager, userId);
      await this.sessions.endAll(manager, userId, 'mfa-changed', { exceptSessionId: session.id });
      await this.notices.announce({ kind: 'mfa_changed', userId, change: 'enabled' }, manager);
      await admission.succeeded(manager, undefined);
      await this.audit.record(
        'authn_mfa_enabled',
        { subjectId: userId, details: { method: 'totp' } },
        manager,
      );
      return codes;
    });
  }
}
