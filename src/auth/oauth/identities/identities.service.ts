import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { AuditService } from '../../../audit/audit.service.js';
import type { Principal } from '../../../common/http/principal.js';
import { requireRecentAuthentication } from '../../../users/require-recent-authentication.js';
import { UserLifecycle } from '../../../users/user-lifecycle.js';
import { UsersService } from '../../../users/users.service.js';
import { LoginMethods } from '../../login-methods.service.js';
import { SecurityNotices } from '../../notices/security-notices.js';
import { SessionsService } from '../../sessions/sessions.service.js';
import { OAuthCodesService, type CodeWithVerifier } from '../codes/oauth-codes.service.js';
import {
  IdentityLimitError,
  IdentityNotFoundError,
  IdentityTakenError,
  OAuthCodeInvalidError,
} from '../oauth.errors.js';
import type { ProvenIdentity } from '../providers/identity-provider.js';
import { IdentityProviders } from '../providers/identity-providers.service.js';
import { IdentitiesRepository } from './identities.repository.js';
import { toIdentityResponse, type IdentityList, type IdentityResponse } from './identity.response.dto.js';

/** More than anybody has. */
const MAX_IDENTITIES = 20;

/** The logins at providers that open an account. */
@Injectable()
export class IdentitiesService {
  constructor(
    private readonly identities: IdentitiesRepository,
    private readonly codes: OAuthCodesService,
    private readonly users: UsersService,
    private readonly sessions: SessionsService,
    private readonly loginMethods: LoginMethods,
    private readonly notices: SecurityNotices,
    private readonly audit: AuditService,
    private readonly providers: IdentityProviders,
    lifecycle: UserLifecycle,
  ) {
    // One of a provider that is not set up any more opens nothing.
    const names = providers.all.map(({ name }) => name);
    loginMethods.register((manager, userId) => identities.hasAnyOf(manager, userId, names));
    // They log in by themselves, without the password that is removed.
    lifecycle.on('accountTakenBack', async (manager, { userId, since }) => {
      for (const { id, provider } of await identities.removeSince(manager, userId, since))
        await this.recordUnlinked(manager, userId, id, provider);
    });
  }

  /** The oldest first. */
  async list({ userId }: Principal): Promise<IdentityList> {
    const items = await this.identities.listOf(userId);
    return { items: items.map(toIdentityResponse) };
  }

  /**
   * Links what a provider has vouched for with the caller's account.
   * @throws ReauthenticationRequiredError when the login is older than 15 minutes
   * @throws OAuthCodeInvalidError also where the code is for another account
   * @throws IdentityTakenError
   * @throws IdentityLimitError
   */
  async link(principal: Principal, request: CodeWithVerifier): Promise<IdentityResponse> {
    requireRecentAuthentication(principal);
    const { userId } = principal;
    const proven = await this.codes.take(request, 'link');
    if (!proven || (proven.userId !== null && proven.userId !== userId)) throw new OAuthCodeInvalidError();
    return this.users.transaction(async (manager) => {
      await this.users.lockAccount(manager, userId);
      await this.sessions.requireAlive(manager, principal);
      const identity = await this.add(manager, userId, proven);
      if (!identity) return this.findOwn(manager, userId, proven);
      if ((await this.identities.count(manager, userId)) > MAX_IDENTITIES)
        throw new IdentityLimitError(MAX_IDENTITIES);
      await this.notices.announce(
        { kind: 'identity_linked', userId, provider: this.titleOf(proven.provider) },
        manager,
      );
      return identity;
    });
  }

  /**
   * Adds an identity to an account, in the transaction that has locked or made it.
   * @returns undefined when somebody has it already
   */
  async add(
    manager: EntityManager,
    userId: number,
    { provider, issuer, subject, email }: ProvenIdentity,
  ): Promise<IdentityResponse | undefined> {
    const added = await this.identities.addOnce(manager, { userId, provider, issuer, subject, email });
    if (!added) return undefined;
    await this.audit.record(
      'identity_linked',
      { subjectId: userId, details: { identity_id: added.id, provider } },
      manager,
    );
    return toIdentityResponse(added);
  }

  /**
   * Unlinks an identity: it opens nothing here any more, and every other session ends.
   * @throws ReauthenticationRequiredError when the login is older than 15 minutes
   * @throws IdentityNotFoundError
   * @throws LastLoginMethodError when nobody could log in to the account any more
   */
  async unlink(principal: Principal, id: number): Promise<void> {
    requireRecentAuthentication(principal);
    const { userId } = principal;
    await this.users.transaction(async (manager) => {
      await this.users.lockAccount(manager, userId);
      await this.sessions.requireAlive(manager, principal);
      const provider = await this.identities.removeOwned(manager, userId, id);
      if (provider === undefined) throw new IdentityNotFoundError();
      await this.loginMethods.requireAny(manager, userId);
      // Whoever logged in with it may not be the owner.
      await this.sessions.endAll(manager, userId, 'mfa-changed', { exceptSessionId: principal.session.id });
      await this.recordUnlinked(manager, userId, id, provider);
      await this.sessions.forgetSecondFactor(manager, principal);
      await this.notices.announce(
        { kind: 'identity_unlinked', userId, provider: this.titleOf(provider) },
        manager,
      );
    });
  }

  /** Linked already: by the caller it is as linked now. @throws IdentityTakenError when it is somebody else's */
  private async findOwn(
    manager: EntityManager,
    userId: number,
    proven: ProvenIdentity,
  ): Promise<IdentityResponse> {
    const own = await this.identities.findOwned(manager, userId, proven);
    if (!own) throw new IdentityTakenError();
    return toIdentityResponse(own);
  }

  /** As people read it, also of one that is not set up any more. */
  private titleOf(provider: string): string {
    return this.providers.all.find(({ name }) => name === provider)?.title ?? provider;
  }

  private async recordUnlinked(
    manager: EntityManager,
    userId: number,
    id: number,
    provider: string,
  ): Promise<void> {
    await this.audit.record(
      'identity_unlinked',
      { subjectId: userId, details: { identity_id: id, provider } },
      manager,
    );
  }
}
