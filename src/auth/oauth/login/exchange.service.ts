import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { AuditService } from '../../../audit/audit.service.js';
import { UsersService } from '../../../users/users.service.js';
import type { ClientInfo } from '../../client-info.decorator.js';
import type { LoginAdmission } from '../../lockouts/admission.js';
import type { BegunLogin } from '../../lockouts/known-devices.service.js';
import { LoginGate } from '../../lockouts/login-gate.service.js';
import { LoginOutcomes } from '../../login-outcomes.js';
import type { LoginChannel } from '../../mfa/pending/mfa-token.entity.js';
import { MfaTokensService } from '../../mfa/pending/mfa-tokens.service.js';
import { isWaiting, type WaitingLogin } from '../../mfa/pending/waiting-login.js';
import { SecondFactorService } from '../../mfa/second-factor.service.js';
import type { LogIn } from '../../sessions/session-tokens.js';
import { SessionsService } from '../../sessions/sessions.service.js';
import type { ExchangeRequest } from '../codes/oauth-codes.dto.js';
import { OAuthCodesService } from '../codes/oauth-codes.service.js';
import { IdentitiesRepository } from '../identities/identities.repository.js';
import { IdentityRefusedError, OAuthCodeInvalidError } from '../oauth.errors.js';
import type { ProvenIdentity } from '../providers/identity-provider.js';
import { FirstLoginService } from './first-login.service.js';

interface Owner {
  /** Of the identity. */
  id: number;
  userId: number;
}

/** From a code to a session, or to a login that waits for its second factor. */
@Injectable()
export class ExchangeService {
  constructor(
    private readonly codes: OAuthCodesService,
    private readonly identities: IdentitiesRepository,
    private readonly firstLogins: FirstLoginService,
    private readonly users: UsersService,
    private readonly gate: LoginGate,
    private readonly sessions: SessionsService,
    private readonly secondFactors: SecondFactorService,
    private readonly mfaTokens: MfaTokensService,
    private readonly audit: AuditService,
    private readonly outcomes: LoginOutcomes,
  ) {}

  /**
   * Logs in whoever a provider has vouched for; where nobody here is that, makes an account.
   * @param channel by which the login gets its tokens, then or when its second factor is there
   * @throws OAuthCodeInvalidError
   * @throws IdentityRefusedError for a disabled account
   * @throws what FirstLoginService.admit throws
   * @throws LockedOutError when too many logins failed at this address
   * @throws TooManyFailuresError
   */
  exchange(
    request: ExchangeRequest,
    channel: LoginChannel,
    client: ClientInfo,
  ): Promise<LogIn | WaitingLogin> {
    return this.outcomes.count(this.attempt(request, channel, client), (login) =>
      isWaiting(login) ? 'mfa_required' : 'success',
    );
  }

  private async attempt(
    request: ExchangeRequest,
    channel: LoginChannel,
    client: ClientInfo,
  ): Promise<LogIn | WaitingLogin> {
    const userId = await this.codes.findOwner(request.code);
    const admission = await this.gate.enterWithIdentity({ userId, client });
    try {
      const proven = await this.codes.take(request, 'login');
      if (!proven) {
        await admission.failed('invalid_oauth_code');
        throw new OAuthCodeInvalidError();
      }
      const owner =
        (await this.identities.findOwner(proven)) ??
        (await this.firstLogins.admit(proven, request.invitation, client));
      return await this.begin(owner, proven, admission, channel, client);
    } catch (error) {
      await admission.withdrawn();
      throw error;
    }
  }

  private async begin(
    owner: Owner,
    proven: ProvenIdentity,
    admission: LoginAdmission<string, BegunLogin>,
    channel: LoginChannel,
    client: ClientInfo,
  ): Promise<LogIn | WaitingLogin> {
    const { id, userId } = owner;
    const login = await this.users.transaction<LogIn | WaitingLogin | undefined>(async (manager) => {
      // The account before its identity, as whoever unlinks one does.
      if (!(await this.users.lockActive(manager, userId))) return undefined;
      if (!(await this.identities.use(manager, owner, proven.provider))) return undefined;
      const methods = proven.isMultiFactor ? [] : await this.secondFactors.methodsOf(userId, manager);
      if (methods.length > 0) {
        const first = { userId, verifiedHash: null, identityId: id, ...admission.firstFactor };
        const mfaToken = await this.mfaTokens.issue(manager, first, channel);
        await admission.postponed(manager);
        await this.recordWaiting(manager, userId, methods.join());
        return { mfaToken, methods };
      }
      const { provider, isMultiFactor, authenticatedAt } = proven;
      const tokens = await this.sessions.begin(
        manager,
        { method: 'social', userId, provider, isMultiFactor, authenticatedAt },
        client,
      );
      return { ...tokens, deviceToken: await admission.succeeded(manager, tokens) };
    });
    if (login) return login;
    await admission.failed('disabled');
    throw new IdentityRefusedError();
  }

  private async recordWaiting(manager: EntityManager, userId: number, methods: string): Promise<void> {
    await this.audit.record('authn_mfa_required', { subjectId: userId, details: { methods } }, manager);
  }
}
