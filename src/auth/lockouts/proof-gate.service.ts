import { Injectable } from '@nestjs/common';
import type { Principal } from '../../common/http/principal.js';
import { Admission } from './admission.js';
import { AttemptEnds, type ProofFailure } from './attempt-ends.service.js';
import { LockoutKeysService } from './lockout-keys.js';
import { LockoutRules } from './lockout-rules.js';
import type { Bucket } from './lockout-rules.js';
import { ReservationsService } from './reservations.service.js';

/** Stands before what somebody who is logged in proves once more, and lets in no more than may fail. */
@Injectable()
export class ProofGate {
  constructor(
    private readonly keys: LockoutKeysService,
    private readonly rules: LockoutRules,
    private readonly reservations: ReservationsService,
    private readonly ends: AttemptEnds,
  ) {}

  /**
   * Counts a password: by the session, so that who has stolen an
   * access token can neither guess on nor keep the owner's other sessions from it.
   * @throws LockedOutError
   * @throws TooManyFailuresError
   * @throws BusyError
   */
  async enterPassword(
    { userId, session }: Principal,
    failure: ProofFailure = 'authn_password_change_fail',
  ): Promise<Admission<void>> {
    const keys = await this.keys.get();
    return this.admitProof(
      this.rules.bucket('own', keys.session(session.id), keys.user(userId)),
      userId,
      failure,
    );
  }

  /** The same for a code of a second factor: those are guessed sooner, and locked for longer. */
  async enterCode(
    { userId, session }: Principal,
    failure: ProofFailure = 'authn_mfa_change_fail',
  ): Promise<Admission<void>> {
    const keys = await this.keys.get();
    const key = keys.secondFactor(keys.session(session.id));
    return this.admitProof(this.rules.bucket('factor', key, keys.user(userId)), userId, failure);
  }

  private async admitProof(
    buckets: readonly Bucket[],
    userId: number,
    failure: ProofFailure,
  ): Promise<Admission<void>> {
    const reservation = await this.reservations.reserve(buckets);
    return new Admission(true, {
      succeed: (manager) => this.reservations.giveBack(reservation, manager, ['own', 'factor']),
      fail: (reason) =>
        this.ends.fail(
          reservation,
          { eventType: failure, userId, details: { reason } },
          { tried: 'proof', userId },
        ),
      giveBack: () => this.reservations.giveBack(reservation),
    });
  }
}
