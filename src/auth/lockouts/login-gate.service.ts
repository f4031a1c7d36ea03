import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { AuditService } from '../../audit/audit.service.js';
import type { Principal } from '../../common/http/principal.js';
import { ClientNetworks } from '../../common/rate-limits/client-networks.js';
import { AppConfig } from '../../config/app-config.js';
import type { Credentials } from '../../users/credentials.js';
import type { ClientInfo } from '../client-info.decorator.js';
import { Admission, LoginAdmission, type FailureReason, type FirstFactor } from './admission.js';
import { KnownDevicesService, type BegunLogin } from './known-devices.service.js';
import { ACCOUNT_LOCKS, LockNotices, type LockedAttempt } from './lock-notices.service.js';
import { LockoutKeysService, type LockoutKeys } from './lockout-keys.js';
import { LockoutRules, type BucketKind } from './lockout-rules.js';
import { LockoutsRepository, type Bucket } from './lockouts.repository.js';
import { ReservationsService, type Reservation } from './reservations.service.js';

export interface LoginAttempt {
  /** As it was typed: an e-mail address or a username. */
  identifier: string;
  /** What that leads to. */
  account: Credentials | undefined;
  client: ClientInfo;
}

/** A login whose password was right, and which shows its second factor. */
export interface SecondFactorAttempt extends FirstFactor {
  userId: number;
  /** Of the login at a provider that came first; null after a password. */
  identityId: number | null;
  client: ClientInfo;
}

/** What is recorded of somebody who is logged in and fails to prove it once more. */
export type ProofFailure = 'authn_password_change_fail' | 'authn_step_up_fail' | 'authn_mfa_change_fail';

/** A login that types no name. */
export interface NamelessAttempt {
  /** Whose passkey or identity it is, if it is anybody's. */
  userId: number | undefined;
  client: ClientInfo;
}

/** As it is recorded. */
interface Failure {
  eventType: 'authn_login_fail' | ProofFailure;
  userId: number | undefined;
  details: { reason: FailureReason; identifier?: string; method?: 'passkey' | 'social' };
}

/** What a success forgives: what nobody but its owner has failed. */
const FORGIVEN: readonly BucketKind[] = ['own', 'pair'];

/**
 * Stands before every password that is tried, and lets in no more than may fail. See README.md.
 * What is answered depends on what was typed and from where, never on whether there is such an account.
 */
@Injectable()
export class LoginGate {
  private readonly networks: ClientNetworks;

  constructor(
    private readonly keys: LockoutKeysService,
    private readonly rules: LockoutRules,
    private readonly reservations: ReservationsService,
    private readonly repository: LockoutsRepository,
    private readonly devices: KnownDevicesService,
    private readonly audit: AuditService,
    private readonly lockNotices: LockNotices,
    config: AppConfig,
  ) {
    this.networks = new ClientNetworks(config.trustedClientNetworks);
  }

  /**
   * Counts a login before its password is looked at. Its end is to be told to the admission, which then answers the
   * token for the device to keep.
   * @throws LockedOutError
   * @throws TooManyFailuresError
   * @throws BusyError
   */
  async enter({ identifier, account, client }: LoginAttempt): Promise<LoginAdmission<string, BegunLogin>> {
    const keys = await this.keys.get();
    const typed = keys.identifier(identifier);
    const owner = keys.account(account?.id, typed);
    const device = await this.devices.find(account?.id, client.deviceToken);
    const network = this.networks.networkOf(client.ip);
    const buckets: Bucket[] =
      device === undefined
        ? [
            ...this.bucketsOfName(keys, typed, owner, network),
            ...this.bucket('address', keys.address(network), null, network.factor),
          ]
        : this.bucket('own', keys.device(device), owner);
    const reservation = await this.reservations.reserve(buckets);
    const name = nameInLog(typed);
    const isCountedIn = (counted: readonly Bucket[]) => counted.some(({ kind }) => kind === 'account');
    return new LoginAdmission(
      isCountedIn(buckets) === isCountedIn(reservation.buckets),
      {
        succeed: (manager, login) => this.succeed(manager, reservation, login, client.deviceToken),
        fail: (reason) =>
          this.fail(
            reservation,
            { eventType: 'authn_login_fail', userId: account?.id, details: { reason, identifier: name } },
            { tried: 'password', userId: account?.id, name },
          ),
        giveBack: () => this.reservations.giveBack(reservation),
      },
      { identifier: typed, failuresBefore: reservation.failuresBefore },
      (manager) => this.reservations.giveBack(reservation, manager),
    );
  }

  /**
   * Counts a second factor before it is looked at. Only who knows the password comes this far; who guesses codes then
   * keeps the owner from no device that is known. Its end is to be told to the admission, as that of the whole login.
   * @throws LockedOutError
   * @throws TooManyFailuresError
   * @throws BusyError
   */
  async enterSecondFactor({
    userId,
    identifier,
    failuresBefore,
    identityId,
    client,
  }: SecondFactorAttempt): Promise<Admission<string, BegunLogin>> {
    const keys = await this.keys.get();
    const owner = keys.user(userId);
    const device = await this.devices.find(userId, client.deviceToken);
    const network = this.networks.networkOf(client.ip);
    const known = device === undefined ? undefined : keys.device(device);
    const buckets = [
      ...this.bucket('factor', keys.secondFactor(known ?? owner), owner),
      ...(known ? [] : this.bucket('address', keys.address(network), null, network.factor)),
    ];
    const reservation = await this.reservations.reserve(buckets);
    const before = Math.max(failuresBefore, reservation.failuresBefore);
    return new Admission(true, {
      succeed: (manager, login) =>
        this.succeed(
          manager,
          { ...reservation, failuresBefore: before },
          login,
          client.deviceToken,
          known ? this.bucket('own', known, owner) : this.bucketsOfName(keys, identifier, owner, network),
          // Of the account itself nothing is forgiven: whoever else guesses there shall not profit.
          known ? [...FORGIVEN, 'factor'] : FORGIVEN,
        ),
      fail: (reason) =>
        this.fail(
          reservation,
          {
            eventType: 'authn_login_fail',
            userId,
            details: { reason, identifier: nameInLog(identifier) },
          },
          { tried: 'code', userId, isSocial: identityId !== null },
        ),
      giveBack: () => this.reservations.giveBack(reservation),
    });
  }

  /**
   * Counts a login with a passkey before its signature is looked at: by where it comes from, as no signature is guessed.
   * Nothing that the account's passwords are counted by is touched, so that nobody is locked out by it; and an account
   * whose passwords are locked is open to its passkeys.
   * @throws LockedOutError
   * @throws TooManyFailuresError
   * @throws BusyError
   */
  async enterWithPasskey({ userId, client }: NamelessAttempt): Promise<Admission<string, BegunLogin>> {
    const keys = await this.keys.get();
    const device = await this.devices.find(userId, client.deviceToken);
    const network = this.networks.networkOf(client.ip);
    const buckets =
      device === undefined || userId === undefined
        ? this.bucket('address', keys.address(network), null, network.factor)
        : this.bucket('own', keys.passkeyDevice(device), keys.user(userId));
    const reservation = await this.reservations.reserve(buckets);
    return new Admission(true, {
      succeed: (manager, login) => this.succeed(manager, reservation, login, client.deviceToken),
      // What is locked of one device's passkeys keeps nobody from an account.
      fail: (reason) =>
        this.fail(reservation, {
          eventType: 'authn_login_fail',
          userId,
          details: { reason, method: 'passkey' },
        }),
      giveBack: () => this.reservations.giveBack(reservation),
    });
  }

  /**
   * Counts a login that a provider vouched for, before its code is looked at: by where it comes from, like passkeys.
   * @throws LockedOutError
   * @throws TooManyFailuresError
   * @throws BusyError
   */
  async enterWithIdentity({ userId, client }: NamelessAttempt): Promise<LoginAdmission<string, BegunLogin>> {
    const keys = await this.keys.get();
    const device = await this.devices.find(userId, client.deviceToken);
    const network = this.networks.networkOf(client.ip);
    const buckets =
      device === undefined || userId === undefined
        ? this.bucket('address', keys.address(network), null, network.factor)
        : this.bucket('own', keys.socialDevice(device), keys.user(userId));
    const reservation = await this.reservations.reserve(buckets);
    return new LoginAdmission(
      true,
      {
        succeed: (manager, login) => this.succeed(manager, reservation, login, client.deviceToken),
        // What is locked of one device's social logins keeps nobody from an account.
        fail: (reason) =>
          this.fail(reservation, {
            eventType: 'authn_login_fail',
            userId,
            details: { reason, method: 'social' },
          }),
        giveBack: () => this.reservations.giveBack(reservation),
      },
      { identifier: keys.identity(userId), failuresBefore: reservation.failuresBefore },
      (manager) => this.reservations.giveBack(reservation, manager),
    );
  }

  /**
   * Counts a password that somebody who is logged in proves once more: by the session, so that who has stolen an
   * access token can neither guess on nor keep the owner's other sessions from it.
   * @throws LockedOutError
   * @throws TooManyFailuresError
   * @throws BusyError
   */
  async enterProof(
    { userId, session }: Principal,
    failure: ProofFailure = 'authn_password_change_fail',
  ): Promise<Admission<void>> {
    const keys = await this.keys.get();
    return this.admitProof(this.bucket('own', keys.session(session.id), keys.user(userId)), userId, failure);
  }

  /** The same for a code of a second factor: those are guessed sooner, and locked for longer. */
  async enterCodeProof(
    { userId, session }: Principal,
    failure: ProofFailure = 'authn_mfa_change_fail',
  ): Promise<Admission<void>> {
    const keys = await this.keys.get();
    const key = keys.secondFactor(keys.session(session.id));
    return this.admitProof(this.bucket('factor', key, keys.user(userId)), userId, failure);
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
        this.fail(
          reservation,
          { eventType: failure, userId, details: { reason } },
          { tried: 'proof', userId },
        ),
      giveBack: () => this.reservations.giveBack(reservation),
    });
  }

  /** Where a password is counted that does not come from a known device, but for its address. */
  private bucketsOfName(
    keys: LockoutKeys,
    identifier: Buffer,
    owner: Buffer,
    network: { key: string },
  ): Bucket[] {
    return [
      ...this.bucket('identifier', identifier, owner),
      ...this.bucket('account', owner, owner),
      ...this.bucket('pair', keys.pair(identifier, network), owner),
    ];
  }

  private bucket(kind: BucketKind, key: Buffer, account: Buffer | null, factor?: number): Bucket[] {
    const rule = this.rules.of(kind, factor);
    return rule ? [{ kind, key, account, rule }] : [];
  }

  /**
   * What the owner has proven right is forgiven them: their own device, and the address that they came from.
   * @param earlier where the password of this login was counted, when it shows its second factor
   */
  private async succeed(
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

  /** @param attempt what the owner is told of when it locks; left out: nothing */
  private async fail(
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

/** Enough to see in the log that two failures meant the same name. */
function nameInLog(key: Buffer): string {
  return key.subarray(0, 16).toString('hex');
}

/** Counts where attempts come from, and not whose account they are for. */
function isOfPlace({ kind }: Bucket): boolean {
  return kind === 'address' || kind === 'pair';
}
