import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { AuditService } from '../../audit/audit.service.js';
import { UsersService } from '../../users/users.service.js';
import { InvalidCredentialsError } from '../auth.errors.js';
import type { ClientInfo } from '../client-info.decorator.js';
import type { FailureReason } from '../lockouts/admission.js';
import { LoginGate } from '../lockouts/login-gate.service.js';
import { LoginOutcomes } from '../login-outcomes.js';
import { SecurityNotices } from '../notices/security-notices.js';
import type { LogIn } from '../sessions/session-tokens.js';
import { SessionsService, type ProvenLogin } from '../sessions/sessions.service.js';
import { BackupCodesService } from './backup-codes/backup-codes.service.js';
import type { CompleteLoginRequest } from './mfa.dto.js';
import { CodeInvalidError, MfaTokenInvalidError } from './mfa.errors.js';
import type { LoginChannel } from './pending/mfa-token.entity.js';
import type { AwaitedLogin } from './pending/mfa-tokens.repository.js';
import { MfaTokensService } from './pending/mfa-tokens.service.js';
import type { SecondFactorMethod } from './second-factor.service.js';
import { TotpService } from './totp/totp.service.js';

/** A code that was compared and is right, as far as is known before it is used up. */
interface MatchedFactor {
  method: SecondFactorMethod;
  /** Uses it up in the transaction in which the session begins. @returns false where another request was first */
  use: (manager: EntityManager) => Promise<boolean>;
}

/** From a right first factor and a second one to a session. */
@Injectable()
export class CompleteLoginService {
  constructor(
    private readonly tokens: MfaTokensService,
    private readonly totp: TotpService,
    private readonly backupCodes: BackupCodesService,
    private readonly gate: LoginGate,
    private readonly users: UsersService,
    private readonly sessions: SessionsService,
    private readonly audit: AuditService,
    private readonly notices: SecurityNotices,
    private readonly outcomes: LoginOutcomes,
  ) {}

  /**
   * Begins the session of a login whose first factor was right.
   * @param channel that it came by
   * @throws MfaTokenInvalidError for a token that is good for nothing, for whatever reason
   * @throws CodeInvalidError
   * @throws LockedOutError
   * @throws TooManyFailuresError
   */
  complete(request: CompleteLoginRequest, channel: LoginChannel, client: ClientInfo): Promise<LogIn> {
    return this.outcomes.count(this.attempt(request, channel, client));
  }

  private async attempt(
    request: CompleteLoginRequest,
    channel: LoginChannel,
    client: ClientInfo,
  ): Promise<LogIn> {
    const login = await this.tokens.countTry(request.mfa_token, channel);
    if (!login) throw new MfaTokenInvalidError();
    const { userId } = login;
    const admission = await this.gate.enterSecondFactor({ ...login, client });
    try {
      const factor = await this.match(userId, request);
      if (!factor) throw new CodeInvalidError();
      return await this.users.transaction(async (manager) => {
        // The account is locked by it, before its factors, as everywhere.
        const tokens = await this.sessions.begin(manager, provenBy(login, factor.method), client);
        if (!(await this.tokens.useOnce(manager, request.mfa_token, channel)))
          throw new MfaTokenInvalidError();
        if (!(await factor.use(manager))) throw new CodeInvalidError();
        return { ...tokens, deviceToken: await admission.succeeded(manager, tokens) };
      });
    } catch (error) {
      if (error instanceof CodeInvalidError) await admission.failed(reasonOf(request));
      else await admission.withdrawn();
      throw error instanceof InvalidCredentialsError ? new MfaTokenInvalidError() : error;
    }
  }

  private async match(
    userId: number,
    { code, backup_code: backupCode }: CompleteLoginRequest,
  ): Promise<MatchedFactor | undefined> {
    if (backupCode !== undefined)
      return (await this.backupCodes.isUnused(userId, backupCode))
        ? { method: 'backup_code', use: (manager) => this.useBackupCode(manager, userId, backupCode) }
        : undefined;
    const step = await this.totp.matchCode(userId, code ?? '');
    return step === undefined
      ? undefined
      : { method: 'totp', use: (manager) => this.totp.useStep(manager, userId, step) };
  }

  /** Told to the owner: whoever has the codes' paper needs no app any more. */
  private async useBackupCode(manager: EntityManager, userId: number, code: string): Promise<boolean> {
    if (!(await this.backupCodes.useOnce(manager, userId, code))) return false;
    const left = await this.backupCodes.countUnused(userId, manager);
    await this.audit.record(
      'authn_backup_code_used',
      { actorId: userId, subjectId: userId, details: { left } },
      manager,
    );
    await this.notices.announce({ kind: 'mfa_changed', userId, change: 'backup_code_used' }, manager);
    return true;
  }
}

/** What the session begins with. An identity that was unlinked meanwhile has taken its token with it. */
function provenBy(login: AwaitedLogin, secondFactor: SecondFactorMethod): ProvenLogin {
  return login.identityId === null
    ? { ...login, method: 'password', secondFactor }
    : { ...login, method: 'social', isMultiFactor: false, authenticatedAt: null, secondFactor };
}

function reasonOf({ backup_code: backupCode }: CompleteLoginRequest): FailureReason {
  return backupCode === undefined ? 'wrong_code' : 'wrong_backup_code';
}
