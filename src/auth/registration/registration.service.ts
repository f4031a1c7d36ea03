import { Injectable } from '@nestjs/common';
import type { UserResponse } from '../../users/user.response.dto.js';
import { AccountsService, type RegistrationGrant } from '../accounts.service.js';
import type { RegisterRequest } from '../auth.dto.js';
import type { ClientInfo } from '../client-info.decorator.js';
import { InvitationsService } from './invitations.service.js';
import { RegistrationPolicy } from './registration-policy.js';

/** How somebody who is not known yet gets an account. */
@Injectable()
export class RegistrationService {
  constructor(
    private readonly policy: RegistrationPolicy,
    private readonly invitations: InvitationsService,
    private readonly accounts: AccountsService,
  ) {}

  /**
   * Makes an account, if registration is open or an invitation lets this person in. Whoever is refused learns nothing
   * of other accounts: nobody has been looked up by then. The invitation is used up with the account, or not at all.
   * @throws RegistrationClosedError
   * @throws RateLimitedError
   * @throws EmailDomainNotAllowedError
   * @throws InvitationInvalidError
   * @throws WeakPasswordError
   * @throws UserExistsError not saying whether the e-mail address or the username is taken
   * @throws BusyError
   */
  async register(request: RegisterRequest, client: Pick<ClientInfo, 'ip'>): Promise<UserResponse> {
    const { invitation, email } = request;
    this.requireAdmitted(email, invitation);
    return this.accounts.register(
      request,
      client,
      invitation === undefined ? undefined : () => this.redeem(invitation, email),
    );
  }

  /**
   * The same question for who comes without a password. Nobody has been looked up by the time of a refusal.
   * @returns what the account is to be; undefined where no invitation lets it in
   * @throws RegistrationClosedError
   * @throws EmailDomainNotAllowedError
   * @throws InvitationInvalidError
   */
  async admit(email: string, invitation: string | undefined): Promise<RegistrationGrant | undefined> {
    this.requireAdmitted(email, invitation);
    return invitation === undefined ? undefined : this.redeem(invitation, email);
  }

  private requireAdmitted(email: string, invitation: string | undefined): void {
    this.policy.requireOpen(invitation !== undefined);
    this.policy.requireAllowedDomain(email);
  }

  private async redeem(token: string, email: string): Promise<RegistrationGrant> {
    const invitation = await this.invitations.find(token, email);
    return {
      role: invitation.role,
      confirm: (manager, userId) => this.invitations.use(manager, invitation, userId),
    };
  }
}
