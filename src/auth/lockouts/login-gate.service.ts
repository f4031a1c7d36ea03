import { Injectable } from '@nestjs/common';
import { ClientNetworks } from '../../common/rate-limits/client-networks.js';
import { AppConfig } from '../../config/app-config.js';
import type { Credentials } from '../../users/credentials.js';
import type { ClientInfo } from '../client-info.decorator.js';
import { Admission, LoginAdmission, type FirstFactor } from './admission.js';
import { AttemptEnds, FORGIVEN } from './attempt-ends.service.js';
import { KnownDevicesService, type BegunLogin } from './known-devices.service.js';
import { LockoutKeysService, type LockoutKeys } from './lockout-keys.js';
import { LockoutRules } from './lockout-rules.js';
import type { Bucket } from './lockout-rules.js';
import { ReservationsService } from './reservations.service.js';

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

/** A login that types no name. */
export interface NamelessAttempt {
  /** Whose passkey or identity it is, if it is anybody's. */
  userId: number | undefined;
  client: ClientInfo;
}

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
    private readonly devices: KnownDevicesService,
    private readonly ends: AttemptEnds,
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
            ...this.rules.bucket('address', keys.address(network), null, network.factor),
          ]
        : this.rules.bucket('own', keys.device(device), owner);
    const reservation = await this.reservations.reserve(buckets);
    const name = nameInLog(typed);
    const isCountedIn = (counted: readonly Bucket[]) => counted.some(({ kind }) => kind === 'account');
    return new LoginAdmission(
      isCountedIn(buckets) === isCountedIn(reservation.buckets),
      {
        succeed: (manager, login) => this.ends.succeed(manager, reservation, login, client.deviceToken),
        fail: (reason) =>
          this.ends.fail(
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
      ...this.rules.bucket('factor', keys.secondFactor(known ?? owner), owner),
      ...(known ? [] : this.rules.bucket('address', keys.address(network), null, network.factor)),
    ];
    const reservation = await this.reservations.reserve(buckets);
    const before = Math.max(failuresBefore, reservation.failuresBefore);
    return new Admission(true, {
      succeed: (manager, login) =>
        this.ends.succeed(
          manager,
          { ...reservation, failuresBefore: before },
          login,
          client.deviceToken,
          known
            ? this.rules.bucket('own', known, owner)
            : this.bucketsOfName(keys, identifier, owner, network),
          // Of the account itself nothing is forgiven: whoever else guesses there shall not profit.
          known ? [...FORGIVEN, 'factor'] : FORGIVEN,
        ),
      fail: (reason) =>
        this.ends.fail(
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
        ? this.rules.bucket('address', keys.address(network), null, network.factor)
        : this.rules.bucket('own', keys.passkeyDevice(device), keys.user(userId));
    const reservation = await this.reservations.reserve(buckets);
    return new Admission(true, {
      succeed: (manager, login) => this.ends.succeed(manager, reservation, login, client.deviceToken),
      // What is locked of one device's passkeys keeps nobody from an account.
      fail: (reason) =>
        this.ends.fail(reservation, {
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
        ? this.rules.bucket('address', keys.address(network), null, network.factor)
        : this.rules.bucket('own', keys.socialDevice(device), keys.user(userId));
    const reservation = await this.reservations.reserve(buckets);
    return new LoginAdmission(
      true,
      {
        succeed: (manager, login) => this.ends.succeed(manager, reservation, login, client.deviceToken),
        // What is locked of one device's social logins keeps nobody from an account.
        fail: (reason) =>
          this.ends.fail(reservation, {
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

  /** Where a password is counted that does not come from a known device, but for its address. */
  private bucketsOfName(
    keys: LockoutKeys,
    identifier: Buffer,
    owner: Buffer,
    network: { key: string },
  ): Bucket[] {
    return [
      ...this.rules.bucket('identifier', identifier, owner),
      ...this.rules.bucket('account', owner, owner),
      ...this.rules.bucket('pair', keys.pair(identifier, network), owner),
    ];
  }
}

/** Enough to see in the log that two failures meant the same name. */
function nameInLog(key: Buffer): string {
  return key.subarray(0, 16).toString('hex');
}
