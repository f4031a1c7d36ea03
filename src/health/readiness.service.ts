import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { Draining } from '../common/http/draining.js';
import { ReadinessChecks, type Finding, type ReadinessPart } from '../common/readiness/readiness-checks.js';
import { withinTime } from '../common/within-time.js';
import { KeyRingUnfitError } from '../keys/keys.errors.js';
import { KeysService } from '../keys/keys.service.js';
import { KeyExportService } from '../keys/recovery/key-export.service.js';
import type { ReadyCheck, ReadyChecks, ReadyResponse } from './health.dto.js';
import { HealthRepository } from './health.repository.js';

/** How long an answer is given again, so that asking cannot be used as a hammer. */
const CACHE_MS = 1_000;
/** A part that takes longer must not keep the answer about the others. */
const LOOK_LIMIT_MS = 3_000;

const SILENT: Finding = { status: 'unavailable', detail: 'It took too long to find out.' };
const BROKEN: Finding = { status: 'unavailable', detail: 'It cannot be told; the log says why.' };

/** Whether the service can do its work: each part by itself, and the whole. */
@Injectable()
export class ReadinessService {
  private readonly logger = new Logger('health');
  private cached: { until: number; answer: Promise<ReadyResponse> } | undefined;
  private readonly last = new Map<keyof ReadyChecks, ReadyCheck>();

  constructor(
    private readonly repository: HealthRepository,
    private readonly keys: KeysService,
    private readonly keyExport: KeyExportService,
    private readonly parts: ReadinessChecks,
    private readonly draining: Draining,
    private readonly clock: Clock,
  ) {}

  /** Asks that come within a second, and all at once, share one look. While the service stops the answer is `down`. */
  async check(): Promise<ReadyResponse> {
    const answer = await this.lookOrRemember();
    return this.draining.hasBegun ? { status: 'down', checks: answer.checks } : answer;
  }

  /** A look of its own that leaves nothing behind, for who must not change what is looked at. */
  inspect(): Promise<ReadyResponse> {
    return this.look(() => this.keys.prove());
  }

  private lookOrRemember(): Promise<ReadyResponse> {
    if (this.cached && this.clock.now().getTime() < this.cached.until) return this.cached.answer;
    // A look that takes long, because the database hangs, is waited for by everybody.
    const cached = { until: Infinity, answer: this.look(() => this.keys.verify()) };
    const keepForASecond = () => {
      cached.until = this.clock.now().getTime() + CACHE_MS;
    };
    cached.answer.then(keepForASecond, keepForASecond);
    this.cached = cached;
    return cached.answer;
  }

  private async look(proveKeys: () => Promise<unknown>): Promise<ReadyResponse> {
    const migrations = await this.lookAtMigrations();
    const database: Finding =
      migrations === undefined
        ? { status: 'down', detail: 'The database cannot be reached.' }
        : { status: 'ok' };
    const isReachable = migrations !== undefined;
    const keys = isReachable ? await this.lookAtKeys(proveKeys) : unknown();
    const checks: ReadyChecks = {
      database: this.since('database', database),
      redis: this.since('redis', await this.lookAt('redis', isReachable)),
      mail: this.since('mail', await this.lookAt('mail', isReachable)),
      backup: this.since('backup', await this.lookAt('backup', isReachable)),
      migrations: this.since('migrations', migrations ?? unknown()),
      keys: this.since('keys', keys),
    };
    return { status: overall(checks), checks };
  }

  private async lookAtMigrations(): Promise<Finding | undefined> {
    try {
      const pending = await this.repository.countPendingMigrations();
      if (pending === 0) return { status: 'ok' };
      return {
        status: 'down',
        detail: `Pending migrations: ${pending}; restart the service to run them.`,
      };
    } catch {
      return undefined;
    }
  }

  private async lookAt(part: ReadinessPart, isReachable: boolean): Promise<Finding> {
    try {
      return (await withinTime(this.parts.look(part), LOOK_LIMIT_MS)) ?? SILENT;
    } catch (error) {
      if (!isReachable) return unknown();
      this.logger.warn(
        { event_type: 'readiness_unknown', err: error, part },
        'a part of the service could not be looked at',
      );
      return BROKEN;
    }
  }

  private async lookAtKeys(proveKeys: () => Promise<unknown>): Promise<Finding> {
    try {
      await proveKeys();
      const [detail] = await this.keyExport.reminders();
      return { status: 'ok', ...(detail === undefined ? {} : { detail }) };
    } catch (error) {
      return error instanceof KeyRingUnfitError ? { status: 'down', detail: error.message } : unknown();
    }
  }

  /** Keeps the time at which a check came into its present state. */
  private since(name: keyof ReadyChecks, finding: Finding): ReadyCheck {
    const last = this.last.get(name);
    const since = last?.status === finding.status ? last.since : this.clock.now();
    const check = { ...finding, since };
    this.last.set(name, check);
    return check;
  }
}

function unknown(): Finding {
  return { status: 'unavailable', detail: 'Cannot be told while the database is down.' };
}

function overall(checks: ReadyChecks): ReadyResponse['status'] {
  const states = Object.values(checks).map((check: ReadyCheck) => check.status);
  if (states.includes('down')) return 'down';
  return states.some((state) => state === 'degraded' || state === 'unavailable') ? 'degraded' : 'ok';
}
