import { createHmac } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { Counter } from 'prom-client';
import { AppConfig } from '../../config/app-config.js';
import { Metrics } from '../metrics/metrics.js';
import { requestContext } from '../logging/request-context.js';
import { ClientNetworks } from './client-networks.js';
import type { WindowOf } from './limit-storage.js';
import { LimitStorages } from './limit-storages.js';
import type { LimitVerdict } from './limit-verdict.js';
import { RATE_LIMITS, type LimitName, type SubjectOf } from './limits.js';
import { RateLimitedError } from './rate-limits.errors.js';

const SWITCHED_OFF = {
  allowed: true,
  remaining: Number.POSITIVE_INFINITY,
  resetSeconds: 0,
  retryAfterSeconds: 0,
  taken: undefined,
};

/**
 * How often something may be done: never more than so many in any window of the length that the limit has, by any
 * number at once. With Redis the windows are those of all processes, without it each process has its own.
 */
@Injectable()
export class RateLimits {
  private readonly networks: ClientNetworks;
  private readonly refusals: Counter<'limit'>;

  constructor(
    private readonly storages: LimitStorages,
    private readonly config: AppConfig,
    metrics: Metrics,
  ) {
    this.networks = new ClientNetworks(config.trustedClientNetworks);
    this.refusals = metrics.counter('mc101_rate_limit_refusals_total', 'What a limit refused.', ['limit']);
    for (const limit of Object.keys(RATE_LIMITS)) this.refusals.inc({ limit }, 0);
  }

  /**
   * Takes `count` places, or none when they do not fit. What is taken before something is tried, and given back when
   * it was in order, counts failures without letting a hundred at once slip past.
   */
  async consume<Name extends LimitName>(
    name: Name,
    subject: SubjectOf<Name>,
    count = 1,
  ): Promise<LimitVerdict> {
    const verdict = await this.ask(name, subject, count);
    if (!verdict.allowed) this.refusals.inc({ limit: name });
    const isQuiet = 'isQuiet' in RATE_LIMITS[name];
    const isSecret = 'isSecret' in RATE_LIMITS[name];
    if (verdict.limit > 0 && !isSecret && !(isQuiet && verdict.allowed))
      requestContext.getStore()?.verdicts?.push(verdict);
    return verdict;
  }

  /** The same, for who has nothing to do but to refuse. @throws RateLimitedError */
  async enforce<Name extends LimitName>(name: Name, subject: SubjectOf<Name>): Promise<LimitVerdict> {
    const verdict = await this.consume(name, subject);
    if (!verdict.allowed) throw new RateLimitedError(verdict);
    return verdict;
  }

  /** Several at once: where one refuses, nothing is taken of the others. @throws RateLimitedError */
  async enforceAll(...limits: { [N in LimitName]: [N, SubjectOf<N>] }[LimitName][]): Promise<void> {
    const taken: LimitVerdict[] = [];
    try {
      for (const [name, subject] of limits) taken.push(await this.enforce(name, subject));
    } catch (error) {
      for (const verdict of taken) await this.giveBack(verdict);
      throw error;
    }
  }

  /** Gives back what a verdict took: it never happened. */
  async giveBack(verdict: LimitVerdict): Promise<void> {
    const { taken } = verdict;
    const met = requestContext.getStore()?.verdicts;
    if (met?.includes(verdict)) met.splice(met.indexOf(verdict), 1);
    if (taken) await this.storages.giveBack(taken.storage, taken.key, taken.at, taken.count);
  }

  /** Forgets everything that was counted for a subject. */
  async forget<Name extends LimitName>(name: Name, subject: SubjectOf<Name>): Promise<void> {
    await this.storages.forget(name, this.windowOf(name, subject).key);
  }

  private async ask(name: LimitName, subject: SubjectOf<LimitName>, count: number): Promise<LimitVerdict> {
    const window = this.windowOf(name, subject);
    const { key, limit } = window;
    const { windowSeconds, policy } = RATE_LIMITS[name];
    const common = { name, policy, limit, windowSeconds };
    if (limit === 0) return { ...common, ...SWITCHED_OFF };
    const { allowed, used, takenAt, storage, ...state } = await this.storages.take(name, window, count);
    return {
      ...common,
      allowed,
      remaining: Math.max(0, limit - used),
      resetSeconds: Math.ceil(state.oldestLeavesInMs / 1000),
      retryAfterSeconds: allowed ? 0 : Math.max(1, Math.ceil(state.fitsInMs / 1000)),
      taken: allowed && count > 0 ? { storage, key, at: takenAt, count } : undefined,
    };
  }

  private windowOf(name: LimitName, subject: SubjectOf<LimitName>): WindowOf {
    const windowMs = RATE_LIMITS[name].windowSeconds * 1000;
    const limit = this.config.limits[name];
    if (RATE_LIMITS[name].by === 'address') {
      const { key, factor } = this.networks.networkOf(subject as string | null);
      return { key, limit: limit * factor, windowMs };
    }
    return { key: typeof subject === 'number' ? String(subject) : this.hideEmail(subject), limit, windowMs };
  }

  /** Whose e-mail address it was cannot be read off what is counted, and however long it is, it takes no more room. */
  private hideEmail(email: string | null): string {
    return createHmac('sha256', this.config.secrets.TOKEN_PEPPER)
      .update(`mc101/rate-limits/v1\0${email ?? ''}`)
      .digest('base64url');
  }
}
