import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { AuditService } from '../../audit/audit.service.js';
import type { FailureReason } from './admission.js';
import { KnownDevicesService, type BegunLogin } from './known-devices.service.js';
import { ACCOUNT_LOCKS, LockNotices, type LockedAttempt } from './lock-notices.service.js';
import type { BucketKind } from './lockout-rules.js';
import type { Bucket } from './lockout-rules.js';
import { LockoutsRepository } from './lockouts.repository.js';
import { ReservationsService, type Reservation } from './reservations.service.js';

/** What is recorded of somebody who is logged in and fails to prove it once more. */
export type ProofFailure = 'authn_password_change_fail' | 'authn_step_up_fail' | 'authn_mfa_change_fail';

/** As it is recorded. */
interface Failure {
  eventType: 'authn_login_fail' | ProofFailure;
  userId: number | undefined;
  details: { reason: FailureReason; identifier?: string; method?: 'passkey' | 'social' };
}

/** What a success forgives: what nobody but its owner has failed. */
export const FORGIVEN: readonly BucketKind[] = ['own', 'pair'];

/** What becomes of what was counted, once an attempt has ended. */
@Injectable()
export class AttemptEnds {
  constructor(
    private readonly reservations: ReservationsService,
    private readonly repository: LockoutsRepository,
    private readonly devices: KnownDevicesService,
    private readonly audit: AuditService,
    private readonly lockNotices: LockNotices,
  ) {}

  /**
   * What the owner has proven right is forgiven them: their own device, and the address that they came from.
   * @returns the token for the device to keep
   * @param earlier where the password of this login was counted, when it shows its second factor
   */
  async succeed(
    manager: EntityManager,
    reservation: Reservation,
    login: BegunLogin,
    deviceToken: string | null,
    earlier: readonly Bucket[] = [],
    forgiven: readonly BucketKind[] = FORGIVEN,
  ): Promise<string> {
    const token = await this.devices.remember(manager, login, deviceToken);
    await this.recordAfterFailures(manager, reservation, login, earlier);
    const alsoForgiven = earlier.filter(({ kind }) => forgiven.includes(kind)).map(({ key }) => key);
    await this.reservations.giveBack(reservation, manager, forgiven, alsoForgiven);
    return token;
  }

  /** The first login after failures; those before an earlier login were told with that one. */
  private async recordAfterFailures(
    manager: EntityManager,
    { buckets, failuresBefore }: Reservation,
    login: BegunLogin,
    earlier: readonly Bucket[],
  ): Promise<void> {
    // Hardly any login comes after a failure: the others ask no more.
    if (failuresBefore === 0) return;
    const own = [...buckets, ...earlier].filter(({ kind }) => ACCOUNT_LOCKS.includes(kind));
    const failures = await this.repository.failuresSinceLogin(manager, own, login);
    if (failures === 0) return;
    const { userId, sessionId } = login;
    await this.audit.record(
      'authn_login_successafterfail',
      { actorId: userId, subjectId: userId, sessionId, details: { failures } },
      manager,
    );
  }

  /**
   * What was tried opens nothing.
   * @param attempt what the owner is told of when it locks; left out: nothing
   */
  async fail(
    reservation: Reservation,
    { eventType, userId, details }: Failure,
    attempt?: LockedAttempt,
  ): Promise<void> {
    // Nobody looked at the password, so that it may well be the right one: whoever comes from there has done nothing.
    const spared = details.reason === 'withheld' ? reservation.buckets.filter(isOfPlace) : [];
    const counted = reservation.buckets.filter((bucket) => !spared.includes(bucket));
    await this.repository.transaction(async (manager) => {
      await this.reservations.giveBack({ ...reservation, buckets: spared }, manager);
      const locks = await this.reservations.fail(manager, { ...reservation, buckets: counted });
      const subject = userId === undefined ? {} : { subjectId: userId };
      await this.audit.record(eventType, { ...subject, details }, manager);
      for (const { kind, seconds } of locks)
        await this.audit.record(
          'authn_login_lock',
          { ...subject, details: { ...details, scope: kind, seconds } },
          manager,
        );
      if (attempt) await this.lockNotices.tell(manager, attempt, locks);
    });
  }
}

/** Counts where attempts come from, and not whose account they are for. */
function isOfPlace({ kind }: Bucket): boolean {
  return kind === 'address' || kind === 'pair';
}
