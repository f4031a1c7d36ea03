import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { AuditService } from '../../audit/audit.service.js';
import { AppConfig } from '../../config/app-config.js';
import { UserLifecycle } from '../../users/user-lifecycle.js';
import { SecurityNotices } from '../notices/security-notices.js';
import { OpaqueTokens } from '../tokens/opaque-tokens.js';
import { KnownDevicesRepository } from './known-devices.repository.js';

/** A login that was proven right. */
export interface BegunLogin {
  userId: number;
  sessionId: string;
}

/**
 * Devices on which somebody has logged in. A device token proves the device to the lockout, for the accounts that were
 * logged in to on it; it is no credential and lets nobody in.
 */
@Injectable()
export class KnownDevicesService {
  private readonly tokens: OpaqueTokens;

  constructor(
    private readonly repository: KnownDevicesRepository,
    private readonly audit: AuditService,
    private readonly notices: SecurityNotices,
    lifecycle: UserLifecycle,
    config: AppConfig,
  ) {
    this.tokens = new OpaqueTokens(config, 'mc101/device-token-lookup/v1');
    lifecycle.on('accountTakenBack', (manager, { userId, since }) =>
      this.forgetSince(manager, userId, since),
    );
  }

  /**
   * @param userId undefined for an unknown account, which costs the same
   * @returns the device's id, if it is known for this user
   */
  async find(userId: number | undefined, token: string | null): Promise<string | undefined> {
    return token !== null && OpaqueTokens.isToken(token)
      ? await this.repository.find(userId, this.tokens.hashesOf(token))
      : undefined;
  }

  /**
   * Knows a device from now on, or for longer. The first device of an account is no news, any other is.
   * @param manager of the transaction in which the session begins
   * @param login whose session begins
   * @param presented the token that came with the login; a device keeps its token, also when somebody else logs in on it
   * @returns the token for the device to keep
   */
  async remember(manager: EntityManager, login: BegunLogin, presented: string | null): Promise<string> {
    const hashes = presented === null ? [] : this.tokens.hashesOf(presented);
    const [hash] = hashes;
    if (presented !== null && hash) {
      if (await this.repository.renew(manager, login.userId, hashes, hash)) return presented;
      if (await this.repository.isIssued(manager, hashes))
        return this.add(manager, login, { token: presented, hash });
    }
    return this.add(manager, login, this.tokens.draw());
  }

  /** Forgets a device of a user: its token proves nothing any more. */
  forget(manager: EntityManager, userId: number, deviceId: string): Promise<void> {
    return this.repository.forget(manager, userId, deviceId);
  }

  /** Forgets those that were added at this moment or later. */
  forgetSince(manager: EntityManager, userId: number, since: Date): Promise<void> {
    return this.repository.forgetSince(manager, userId, since);
  }

  private async add(
    manager: EntityManager,
    { userId, sessionId }: BegunLogin,
    { token, hash }: { token: string; hash: Buffer },
  ): Promise<string> {
    const { id: deviceId, isFirst } = await this.repository.add(manager, userId, hash);
    await this.audit.record(
      'authn_new_device',
      { actorId: userId, subjectId: userId, sessionId, details: { first: isFirst } },
      manager,
    );
    if (!isFirst) await this.notices.announce({ kind: 'new_device', userId, sessionId, deviceId }, manager);
    return token;
  }
}
