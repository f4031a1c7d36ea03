import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Clock } from '../../common/clock.js';
import { DOCS_PATH } from '../../common/http/create-adapter.js';
import { IS_PUBLIC } from '../../common/http/public.decorator.js';
import type { RequestGate } from '../../common/http/request-gate.js';
import type { LimitVerdict } from '../../common/rate-limits/limit-verdict.js';
import { RateLimits } from '../../common/rate-limits/rate-limits.js';
import { RequestTokens } from '../tokens/request-tokens.js';
import { DoubtedSessions } from './doubted-sessions.js';

/** What supervisors ask, and files: both cost next to nothing. By the route that was found, never by the address asked for. */
const EXEMPT = new RegExp(`^(?:(?:/v1)?/(?:health|ready)$|${DOCS_PATH})`);

/** A request that was counted to the user whom its token names, before anybody knew whether the session lives. */
interface OnTrust {
  verdict: LimitVerdict;
  sessionId: string;
}

/**
 * The limit that every request meets before anything else is done for it, so also what no route answers and what cannot
 * be understood.
 *
 * Whoever sends an access token of ours to a route that needs one is counted as its user, and by nothing else: a flood
 * from their address does not shut them out. Everybody else is counted by address. The signature alone decides that,
 * without the database; when the guard then finds the session ended, or the request fails before the guard is reached,
 * the count is moved to the address, and the session's tokens are no longer taken on trust until the guard has seen it
 * alive. So a token that was stolen, and ended, cannot use up its user's limit.
 */
@Injectable()
export class ApiLimit {
  private readonly onTrust = new WeakMap<FastifyRequest, OnTrust>();
  private readonly doubted: DoubtedSessions;

  constructor(
    private readonly limits: RateLimits,
    private readonly tokens: RequestTokens,
    clock: Clock,
  ) {
    this.doubted = new DoubtedSessions(clock);
  }

  watch(gate: RequestGate): void {
    gate.admit = (request, address) => this.admit(request, address);
    gate.settle = (request, address, status) => {
      this.settle(request, address, status);
    };
  }

  /** The guard has seen the session of this request alive. */
  confirm(request: FastifyRequest, sessionId: string): void {
    this.onTrust.delete(request);
    this.doubted.delete(sessionId);
  }

  /** The guard has found no living session. @throws RateLimitedError when the address is over its limit too */
  async disown(request: FastifyRequest): Promise<void> {
    const counted = this.takeBack(request);
    if (!counted) return;
    await this.limits.giveBack(counted.verdict);
    await this.limits.enforce('api-address', request.ip);
  }

  /** @throws RateLimitedError */
  private async admit(request: FastifyRequest, address: string | null): Promise<void> {
    const { url = '', config } = request.routeOptions;
    if (EXEMPT.test(url)) return;
    const isTokenLookedAt = url !== '' && !(config as { [IS_PUBLIC]?: boolean })[IS_PUBLIC];
    const claims = isTokenLookedAt ? this.tokens.claimsOf(request) : undefined;
    if (claims && !this.doubted.has(claims.sessionId)) {
      const verdict = await this.limits.enforce('api-user', claims.userId);
      this.onTrust.set(request, { verdict, sessionId: claims.sessionId });
    } else {
      await this.limits.enforce('api-address', address);
    }
  }

  /** Nobody has seen the session: the request was not understood, or the route asked for no token. */
  private settle(request: FastifyRequest, address: string | null, status: number): void {
    // Then it was our fault that nobody looked.
    if (status >= 500) return;
    const counted = this.takeBack(request);
    if (!counted) return;
    void this.limits.giveBack(counted.verdict);
    void this.limits.consume('api-address', address);
  }

  private takeBack(request: FastifyRequest): OnTrust | undefined {
    const counted = this.onTrust.get(request);
    if (!counted) return undefined;
    this.onTrust.delete(request);
    this.doubted.add(counted.sessionId);
    return counted;
  }
}
