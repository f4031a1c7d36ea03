import { isIPv6, SocketAddress } from 'node:net';
import { Injectable, Logger } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { DatabaseReplacement } from '../common/database-replacement.js';
import { commandOrigin } from '../common/logging/origin.js';
import { RateLimits } from '../common/rate-limits/rate-limits.js';
import { requestContext } from '../common/logging/request-context.js';
import { Metrics } from '../common/metrics/metrics.js';
import { hmacSha256 } from '../crypto/hmac.js';
import { KeyEvents } from '../keys/key-events.js';
import { ServiceKeysService } from '../keys/service-keys.service.js';
import type { AuditEventType } from './audit-event-types.js';
import { AuditRepository, type NewAuditEvent } from './audit.repository.js';
import { CommittedEvents } from './committed-events.repository.js';

const ADDRESS_KEY = 'audit-addresses';

export interface AuditEntry {
  /** The account that it happened to. */
  subjectId?: number;
  /** Who did it, where the request does not tell: at a login nobody is known yet. Default: the request's user. */
  actorId?: number;
  sessionId?: string;
  /** Whole numbers only. Never a secret, never what a ballot or a note says, nothing that a person is known by. */
  details?: Record<string, string | number | boolean | null>;
}

/** The log of what matters to security: who did what to whom, from where. */
@Injectable()
export class AuditService {
  private readonly logger = new Logger('security');
  private readonly counter;

  constructor(
    private readonly repository: AuditRepository,
    private readonly serviceKeys: ServiceKeysService,
    private readonly committed: CommittedEvents,
    private readonly limits: RateLimits,
    keyEvents: KeyEvents,
    replacement: DatabaseReplacement,
    metrics: Metrics,
  ) {
    keyEvents.on('exported', (manager, ids) =>
      this.record('keys_exported', { details: { keys: ids.join() } }, manager),
    );
    keyEvents.on('rotated', (manager, batch) =>
      this.record('keys_rotated', { details: { ...batch } }, manager),
    );
    keyEvents.on('ringChanged', (manager, { ring, added, removed, replaced, writes }) =>
      this.record(
        'keys_changed',
        {
          details: {
            ring,
            added: added.join(),
            removed: removed.join(),
            replaced: replaced.join(),
            writes,
          },
        },
        manager,
      ),
    );
    replacement.register(() => {
      this.prepare().catch(() => undefined);
    });
    this.counter = metrics.counter('mc101_audit_events_total', 'Entries of the audit log by type.', [
      'event_type',
    ]);
  }

  /**
   * Writes an entry. Who asked, under which request id and from where, is taken from the request that is being served;
   * outside of one, `details.origin` says that a command (`cli`) or the service itself (`service`) did it.
   * @param manager of the transaction that does what is recorded: both happen, or neither. Without one the entry
   * stands for itself, as for something that failed.
   */
  async record(eventType: AuditEventType, entry: AuditEntry = {}, manager?: EntityManager): Promise<void> {
    const request = requestContext.getStore();
    const address = request?.address ?? null;
    const event: NewAuditEvent = {
      eventType,
      actorId: entry.actorId ?? request?.userId ?? null,
      subjectId: entry.subjectId ?? null,
      sessionId: entry.sessionId ?? request?.sessionId ?? null,
      requestId: request?.request_id ?? null,
      address,
      addressHash: address === null ? null : await this.hashOf(address),
      details: { ...(request ? {} : { origin: commandOrigin.getStore() ?? 'service' }), ...entry.details },
    };
    await this.repository.add(event, manager);
    if (manager)
      this.committed.afterCommitOf(manager, () => {
        this.tell(event);
      });
    else this.tell(event);
  }

  /**
   * Records that somebody was not allowed what they asked for. Of callers whom nobody knows only so many an hour and
   * address stand in the log, or anybody could fill it; `mc101_http_requests_total` counts them all.
   */
  async recordRefusal(details: NonNullable<AuditEntry['details']>): Promise<void> {
    const request = requestContext.getStore();
    if (request && request.userId === undefined) {
      if (!(await this.limits.consume('refusals-address', request.address)).allowed) return;
    }
    await this.record('authz_fail', { details });
  }

  /**
   * Reads the key of addresses ahead of the first request: inside of a transaction it would take a second connection,
   * and transactions that each wait for one could block each other.
   */
  async prepare(): Promise<void> {
    await this.serviceKeys.get(ADDRESS_KEY);
  }

  /** The form in which an address is kept for good. */
  async hashOf(address: string): Promise<Buffer> {
    return hmacSha256(await this.serviceKeys.get(ADDRESS_KEY), spellAlike(address));
  }

  /** Without the details: the log of the service goes to more places than this one. */
  private tell({ eventType, actorId, subjectId, sessionId }: NewAuditEvent): void {
    this.counter.inc({ event_type: eventType });
    this.logger.log(
      { event_type: eventType, actor_id: actorId, subject_id: subjectId, session_id: sessionId },
      'an event was recorded',
    );
  }
}

/** A client's proxy may spell an IPv6 address in its own way; PostgreSQL gives it back in one. */
function spellAlike(address: string): string {
  return isIPv6(address) ? new SocketAddress({ address, family: 'ipv6' }).address : address;
}
