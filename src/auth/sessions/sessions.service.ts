import { Injectable, Logger } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { AuditService } from '../../audit/audit.service.js';
import { UnauthenticatedError } from '../../common/errors/common.errors.js';
import { decodeCursor, pageOf } from '../../common/http/cursor.js';
import type { PagingQuery } from '../../common/http/paging.dto.js';
import type { Principal } from '../../common/http/principal.js';
import { RateLimits } from '../../common/rate-limits/rate-limits.js';
import { AppConfig } from '../../config/app-config.js';
import { InvalidCredentialsError, RefreshRefusedError, SessionNotFoundError } from '../auth.errors.js';
import type { ClientInfo } from '../client-info.decorator.js';
import { Places } from '../notices/places.js';
import { SecurityNotices } from '../notices/security-notices.js';
import { AccessTokensService } from '../tokens/access-tokens.service.js';
import { RefreshTokensService } from '../tokens/refresh-tokens.service.js';
import { RefreshTokensRepository, type SessionOfToken, type UsedToken } from './refresh-tokens.repository.js';
import type { SessionEnd } from './session-end.js';
import { MAX_SESSIONS } from './session-limit.js';
import type { SessionTokens } from './session-tokens.js';
import { isSessionPosition, toSessionResponse, type SessionPage } from './sessions.dto.js';
import { SessionsRepository } from './sessions.repository.js';

/** A password was shown, perhaps with a second factor. */
export interface ProvenPassword {
  method: 'password';
  userId: number;
  /** The hash that the login verified: a session begins only while it is still the account's. */
  verifiedHash: string;
  /** What was shown besides the password. */
  secondFactor?: string;
}

/** A passkey was shown; the caller's transaction has locked its account. */
interface ProvenPasskey {
  method: 'passkey';
  userId: number;
}

/** A provider vouched for somebody; the caller's transaction has locked the account and found it linked. */
interface ProvenSocialLogin {
  method: 'social';
  userId: number;
  /** Name of the provider. */
  provider: string;
  /** Whether a second factor was shown at the provider, as far as the configuration believes that. */
  isMultiFactor: boolean;
  /** When they logged in at the provider; null where it does not say. */
  authenticatedAt: Date | null;
  /** What was shown here besides. */
  secondFactor?: string;
}

export type ProvenLogin = ProvenPassword | ProvenPasskey | ProvenSocialLogin;

/** Sessions from their beginning to their end. */
@Injectable()
export class SessionsService {
  private readonly logger = new Logger('auth');

  constructor(
    private readonly sessions: SessionsRepository,
    private readonly tokens: RefreshTokensRepository,
    private readonly accessTokens: AccessTokensService,
    private readonly refreshTokens: RefreshTokensService,
    private readonly audit: AuditService,
    private readonly notices: SecurityNotices,
    private readonly config: AppConfig,
    private readonly limits: RateLimits,
    private readonly places: Places,
  ) {}

  /**
   * Begins a session. In the same transaction the account's older ones end: with SESSION_POLICY=single all of them,
   * otherwise the oldest past MAX_SESSIONS.
   * @throws InvalidCredentialsError when the account was disabled or its password changed meanwhile
   */
  async begin(manager: EntityManager, login: ProvenLogin, client: ClientInfo): Promise<SessionTokens> {
    const { userId } = login;
    const { token, hash } = this.refreshTokens.draw();
    const sessionId = await this.sessions.begin(
      manager,
      {
        ...client,
        userId,
        verifiedHash: login.method === 'password' ? login.verifiedHash : undefined,
        isMultiFactor: login.method === 'passkey' || (login.method === 'social' && login.isMultiFactor),
        authenticatedAt: login.method === 'social' ? login.authenticatedAt : null,
        refreshTokenHash: hash,
      },
      this.config.sessions,
    );
    if (sessionId === undefined) throw new InvalidCredentialsError();
    if (this.config.sessions.policy === 'single')
      await this.endAll(manager, userId, 'replaced', { exceptSessionId: sessionId, actorId: userId });
    else await this.endOldest(manager, { userId, sessionId });
    await this.audit.record(
      'authn_login_success',
      {
        actorId: userId,
        subjectId: userId,
        sessionId,
        details: describeLogin(login),
      },
      manager,
    );
    return this.present({ userId, sessionId }, token);
  }

  /**
   * Uses a refresh token, once. Within ten seconds, and before its successor was used, it yields the same successor
   * again; a later repeat ends the session, as one of two holders of the token must have stolen it. Only tokens that
   * would be used count to the user's limit: none that is worth nothing uses it up, and no repeat goes unnoticed for it.
   * @throws RefreshRefusedError
   * @throws RateLimitedError before the token is used
   */
  async refresh(token: string, client: ClientInfo): Promise<SessionTokens> {
    const hashes = this.refreshTokens.hashesOf(token);
    if (hashes.length === 0) throw new RefreshRefusedError();
    const owner = await this.tokens.findOwner(hashes, this.config.sessions);
    const counted = owner === undefined ? undefined : await this.limits.enforce('refresh-user', owner);
    const { token: successor, hash, salt } = this.refreshTokens.succeed(token);
    const { at, session } = await this.tokens.rotate(
      { hashes, successorSalt: salt, successorHash: hash, ...client },
      this.config.sessions,
    );
    if (session) return this.present(session, successor);
    if (counted) await this.limits.giveBack(counted);
    const used = await this.tokens.findUsed(hashes, this.config.sessions, at);
    if (!used) throw new RefreshRefusedError();
    if (!used.isRepeat) await this.endReused(used);
    const repeated =
      used.isRepeat && this.refreshTokens.successorOf(token, used.successorSalt, used.successorHash);
    if (!repeated) throw new RefreshRefusedError();
    return this.present(used, repeated);
  }

  /** Ends the session of a refresh token, used or not. An unknown one is no error: nobody is logged in with it. */
  async logOut(token: string): Promise<void> {
    const hashes = this.refreshTokens.hashesOf(token);
    const session = hashes.length > 0 ? await this.tokens.findSession(hashes) : undefined;
    if (session) await this.end(session, 'logout', session.userId);
  }

  /**
   * Ends a session of a user.
   * @param actorId who did it, where the request does not tell
   * @returns whether there was one
   */
  end({ userId, sessionId }: SessionOfToken, reason: SessionEnd, actorId?: number): Promise<boolean> {
    return this.sessions.transaction(async (manager) => {
      if (!(await this.sessions.revoke(manager, userId, sessionId, reason))) return false;
      await this.audit.record(
        'authn_token_revoked',
        { actorId, subjectId: userId, sessionId, details: { reason, sessions: 1 } },
        manager,
      );
      return true;
    });
  }

  /** The caller's sessions that are alive, the newest first. @throws ValidationFailedError for a foreign cursor */
  async list({ userId, session }: Principal, { limit, cursor }: PagingQuery): Promise<SessionPage> {
    const position = decodeCursor(cursor, isSessionPosition);
    const found = await this.sessions.listNewestFirst(userId, position, limit + 1);
    const { items, next_cursor } = pageOf(found, limit, ({ createdMicros, id }) => [createdMicros, id]);
    const responses = items.map(async (item) =>
      toSessionResponse(item, await this.places.find(item.ip), session.id),
    );
    return { items: await Promise.all(responses), next_cursor };
  }

  /** Ends a session of the caller. @throws SessionNotFoundError */
  async endOwn({ userId, session }: Principal, sessionId: string): Promise<void> {
    const reason = sessionId === session.id ? 'logout' : 'revoked';
    if (!(await this.end({ userId, sessionId }, reason))) throw new SessionNotFoundError();
  }

  /** Ends every session of the caller, this one too. */
  async logOutEverywhere({ userId }: Principal): Promise<void> {
    await this.sessions.transaction((manager) => this.endAll(manager, userId, 'logout-all'));
  }

  /** Ends every session of a user, but for one where the caller names it. */
  async endAll(
    manager: EntityManager,
    userId: number,
    reason: SessionEnd,
    { exceptSessionId = null, actorId }: { exceptSessionId?: string | null; actorId?: number } = {},
  ): Promise<void> {
    const sessions = await this.sessions.revokeAll(manager, userId, reason, exceptSessionId);
    // What an admin does stands in the log, also where there was nothing to end.
    if (sessions > 0 || reason === 'admin')
      await this.audit.record(
        'authn_token_revoked',
        { actorId, subjectId: userId, details: { reason, sessions } },
        manager,
      );
  }

  /**
   * To be asked by whatever adds or removes a way in, once it has locked the account: whoever takes an account back ends
   * its sessions under that lock, and a request that was let in before shall leave nothing behind.
   * @throws UnauthenticatedError when the caller's session has ended since
   */
  async requireAlive(manager: EntityManager, { userId, session }: Principal): Promise<void> {
    if (!(await this.sessions.holdAlive(manager, userId, session.id))) throw new UnauthenticatedError();
  }

  /** What may have begun the caller's session as one with a second factor is gone: it shows none any more. */
  forgetSecondFactor(manager: EntityManager, { session }: Principal): Promise<void> {
    return this.sessions.forgetSecondFactor(manager, session.id);
  }

  /** Whether somebody has used an account of late. */
  wereSeenWithinADay(manager: EntityManager, userId: number): Promise<boolean> {
    return this.sessions.wereSeenWithinADay(manager, userId);
  }

  /** Leaves room for the session that has just begun. */
  private async endOldest(manager: EntityManager, begun: SessionOfToken): Promise<void> {
    const ended = await this.sessions.endOldest(
      manager,
      begun,
      MAX_SESSIONS,
      'too-many' satisfies SessionEnd,
    );
    if (ended.length === 0) return;
    const { userId } = begun;
    await this.audit.record(
      'authn_token_revoked',
      {
        actorId: userId,
        subjectId: userId,
        sessionId: ended.length === 1 ? ended[0] : undefined,
        details: { reason: 'too-many', sessions: ended.length },
      },
      manager,
    );
  }

  /** Of many repeats one ends the session, and tells. */
  private async endReused({ userId, sessionId }: UsedToken): Promise<void> {
    const isEnded = await this.sessions.transaction(async (manager) => {
      if (!(await this.sessions.revoke(manager, userId, sessionId, 'refresh-reuse'))) return false;
      await this.audit.record('authn_token_reuse', { subjectId: userId, sessionId }, manager);
      await this.notices.announce({ kind: 'refresh_reuse', userId }, manager);
      return true;
    });
    if (isEnded)
      this.logger.warn(
        { event_type: 'authn_token_reuse', user_id: userId, session_id: sessionId },
        'a refresh token came again after its use; its session has ended',
      );
  }

  private present({ userId, sessionId }: SessionOfToken, refreshToken: string): SessionTokens {
    return {
      userId,
      sessionId,
      accessToken: this.accessTokens.issue({ userId, sessionId }),
      expiresInSeconds: this.config.accessTokenSeconds,
      refreshToken,
    };
  }
}

/** What the audit log tells of a login. */
function describeLogin(login: ProvenLogin): Record<string, string> {
  return {
    method: login.method,
    ...(login.method === 'social' && { provider: login.provider }),
    ...('secondFactor' in login && login.secondFactor !== undefined && { second_factor: login.secondFactor }),
  };
}
