import { Injectable } from '@nestjs/common';
import { AuditService } from '../../audit/audit.service.js';
import { UnauthenticatedError } from '../../common/errors/common.errors.js';
import type { Principal } from '../../common/http/principal.js';
import { SessionsRepository } from '../sessions/sessions.repository.js';
import { ProveAgainService, type Proof } from './prove-again.service.js';

/** Renews the quarter of an hour in which a session may change what matters most. */
@Injectable()
export class StepUpService {
  constructor(
    private readonly proofs: ProveAgainService,
    private readonly sessions: SessionsRepository,
    private readonly audit: AuditService,
  ) {}

  /**
   * @throws WrongCurrentPasswordError
   * @throws CodeInvalidError
   * @throws LockedOutError when this session gave too many wrong ones
   */
  async stepUp(principal: Principal, proof: Proof): Promise<void> {
    const { userId, session } = principal;
    await this.proofs.prove(principal, proof, 'authn_step_up_fail', async (manager) => {
      if (!(await this.sessions.renewAuthentication(manager, userId, session.id)))
        throw new UnauthenticatedError();
      const method = proof.password === undefined ? 'totp' : 'password';
      await this.audit.record('authn_step_up', { subjectId: userId, details: { method } }, manager);
    });
  }
}
