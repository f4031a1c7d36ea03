import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { AuditService } from '../../audit/audit.service.js';
import { ValidationFailedError } from '../../common/errors/common.errors.js';
import { decodeIdCursor, pageOf } from '../../common/http/cursor.js';
import type { Principal } from '../../common/http/principal.js';
import { AppConfig } from '../../config/app-config.js';
import { normalizeEmail } from '../../users/email-address.js';
import { UserLifecycle } from '../../users/user-lifecycle.js';
import { InvitationTokensService } from './invitation-tokens.service.js';
import type { CreateInvitationRequest, ListInvitationsQuery } from './invitations.dto.js';
import {
  toCreatedInvitationResponse,
  toInvitationResponse,
  type CreatedInvitationResponse,
  type InvitationPage,
} from './invitation.response.dto.js';
import { InvitationsRepository, type OpenInvitation } from './invitations.repository.js';
import {
  InvitationInvalidError,
  InvitationNotFoundError,
  InvitationUsedError,
} from './registration.errors.js';
import { RegistrationPolicy } from './registration-policy.js';

/** Invitations as admins make them and as people register with them. */
@Injectable()
export class InvitationsService {
  constructor(
    private readonly repository: InvitationsRepository,
    private readonly tokens: InvitationTokensService,
    private readonly policy: RegistrationPolicy,
    private readonly audit: AuditService,
    private readonly config: AppConfig,
    lifecycle: UserLifecycle,
  ) {
    // Also when somebody becomes an admin: what may be left of a former time as one must not come back.
    lifecycle.on('adminChanged', (manager, userId) => this.revokeOf(manager, userId));
    lifecycle.on('accountDeleted', (manager, userId) => this.revokeOf(manager, userId));
  }

  /**
   * Makes an invitation. Nobody sees its link again.
   * @throws RegistrationClosedError when nobody could use it
   * @throws EmailDomainNotAllowedError
   * @throws ValidationFailedError for an admin's that is for no address: whoever found the link would be one
   */
  async create(
    { userId }: Principal,
    { email, role, expires_in_hours: lifetimeHours }: CreateInvitationRequest,
  ): Promise<CreatedInvitationResponse> {
    this.policy.requireInvitationsToCount();
    if (email !== undefined) this.policy.requireAllowedDomain(email);
    else if (role === 'admin')
      throw new ValidationFailedError([{ field: 'email', problems: ['is needed to invite an admin'] }]);
    const { token, hash: tokenHash } = this.tokens.draw();
    const invitation = await this.repository.transaction(async (manager) => {
      const added = await this.repository.add(manager, {
        tokenHash,
        email: email ?? null,
        emailNormalized: email === undefined ? null : normalizeEmail(email),
        role,
        createdBy: userId,
        lifetimeHours,
      });
      await this.audit.record('invitation_created', { details: { invitation_id: added.id, role } }, manager);
      return added;
    });
    // Behind the #, which no browser sends to any server: no log on the way ever holds it.
    const link = `${this.config.publicUrl}/app/register#invitation=${token}`;
    return toCreatedInvitationResponse(invitation, token, link);
  }

  /** Newest first. @throws ValidationFailedError for a foreign cursor */
  async list({ state, limit, cursor }: ListInvitationsQuery): Promise<InvitationPage> {
    const found = await this.repository.listNewestFirst(state, decodeIdCursor(cursor), limit + 1);
    const { items, next_cursor } = pageOf(found, limit, ({ id }) => [id]);
    return { items: items.map(toInvitationResponse), next_cursor };
  }

  /**
   * Ends an invitation; done twice it is as done once.
   * @throws InvitationNotFoundError
   * @throws InvitationUsedError
   */
  async revoke(id: number): Promise<void> {
    await this.repository.transaction(async (manager) => {
      if (await this.repository.revoke(manager, id)) {
        await this.audit.record('invitation_revoked', { details: { invitation_id: id } }, manager);
        return;
      }
      const invitation = await this.repository.findById(manager, id);
      if (!invitation) throw new InvitationNotFoundError();
      if (invitation.state === 'used') throw new InvitationUsedError();
    });
  }

  /** @throws InvitationInvalidError whatever is wrong with it */
  async find(token: string, email: string): Promise<OpenInvitation> {
    const found = await this.repository.findOpen(this.tokens.hashesOf(token), normalizeEmail(email));
    if (!found) throw new InvitationInvalidError();
    return found;
  }

  /**
   * Uses an invitation up, in the transaction that makes the account.
   * @throws InvitationInvalidError when somebody else was faster, or it ended meanwhile
   */
  async use(manager: EntityManager, { id }: OpenInvitation, userId: number): Promise<void> {
    if (!(await this.repository.useOnce(manager, id, userId))) throw new InvitationInvalidError();
    await this.audit.record(
      'invitation_used',
      { actorId: userId, subjectId: userId, details: { invitation_id: id } },
      manager,
    );
  }

  /** Ends every invitation of somebody, in the transaction that ends or begins what they may do as an admin. */
  private async revokeOf(manager: EntityManager, inviterId: number): Promise<void> {
    for (const id of await this.repository.revokeOf(manager, inviterId))
      await this.audit.record(
        'invitation_revoked',
        { details: { invitation_id: id, reason: 'inviter' } },
        manager,
      );
  }
}
