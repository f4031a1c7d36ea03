import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { DatabaseReplacement } from '../../common/database-replacement.js';
import { VERSION } from '../../common/version.js';
import { AuditService } from '../audit.service.js';
import { headOf, NO_HEAD, type Membership, type Seal } from './seal-format.js';
import { SealsRepository, type FloorCandidate } from './seals.repository.js';
import { SigningRing } from './signing-ring.js';

const SEAL_EVERY_MS = 5_000;
const BATCH = 1_000;

/**
 * Seals what was recorded, a batch every few seconds. Every process has one, and the one that gets the lock does the
 * work, so that no request ever waits for the chain.
 */
@Injectable()
export class AuditSealer implements OnModuleDestroy {
  private readonly logger = new Logger('security');
  private timer: NodeJS.Timeout | undefined;
  private hasBegun = false;
  private isStopped = false;
  private sealing: Promise<number> | undefined;
  private lastHead: Buffer | undefined;
  /** No entry up to this id is unsealed. */
  private floor = 0;
  private candidate: FloorCandidate | undefined;

  constructor(
    private readonly repository: SealsRepository,
    private readonly ring: SigningRing,
    private readonly audit: AuditService,
    replacement: DatabaseReplacement,
  ) {
    replacement.register(() => {
      this.floor = 0;
      this.candidate = undefined;
      this.lastHead = undefined;
    });
  }

  /** Records that the service has started, and keeps sealing. For services, not for commands. */
  async begin(): Promise<void> {
    this.hasBegun = true;
    await this.audit.record('sys_startup', { details: { version: VERSION, pid: process.pid } });
    this.planNext();
  }

  async onModuleDestroy(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.timer);
    await this.sealing?.catch(() => undefined);
    if (!this.hasBegun) return;
    try {
      await this.audit.record('sys_shutdown', { details: { version: VERSION, pid: process.pid } });
      await this.seal();
    } catch (error) {
      this.logger.warn(
        { event_type: 'audit_seal_failed', err: error },
        'the end of the service could not be sealed',
      );
    }
  }

  /**
   * Seals everything that is final, in batches.
   * @returns how many entries; 0 also when another process is at it
   */
  async seal(): Promise<number> {
    this.sealing ??= this.sealAll().finally(() => {
      this.sealing = undefined;
    });
    return this.sealing;
  }

  /** Like `seal`, and looks also where it had found everything sealed: somebody may have undone that. */
  async sealFromStart(): Promise<number> {
    await this.sealing?.catch(() => undefined);
    this.floor = 0;
    return this.seal();
  }

  /** For looks at what is left to seal. */
  get sealedThrough(): number {
    return this.floor;
  }

  private planNext(): void {
    if (this.isStopped) return;
    this.timer = setTimeout(() => void this.tick(), SEAL_EVERY_MS).unref();
  }

  /** While the database is away nothing is recorded either. */
  private async tick(): Promise<void> {
    await this.seal().catch((error: unknown) => {
      this.logger.warn({ event_type: 'audit_seal_failed', err: error }, 'the audit log could not be sealed');
    });
    this.planNext();
  }

  private async sealAll(): Promise<number> {
    let sealed = 0;
    for (let batch = BATCH; batch === BATCH; sealed += batch) {
      await this.raiseFloor();
      const done = await this.repository.sealNext(
        { floor: this.floor, limit: BATCH },
        (previous, members, at) => this.make(previous, members, at),
      );
      batch = done?.seal?.entryCount ?? 0;
      if (!done?.seal) continue;
      this.candidate ??= done.candidate;
      this.tell(done.seal);
    }
    return sealed;
  }

  private async raiseFloor(): Promise<void> {
    if (!this.candidate) return;
    const floor = await this.repository.risenFloor(this.floor, this.candidate);
    if (floor === undefined) return;
    this.floor = Math.max(this.floor, floor);
    this.candidate = undefined;
  }

  private make(previous: Seal | undefined, members: Membership[], sealedAt: string): Seal {
    if (previous && !this.lastHead?.equals(previous.head) && this.ring.check(previous) !== 'intact')
      this.logger.error(
        { event_type: 'audit_chain_broken', number: previous.number },
        'the last seal of the audit log is not as it was signed: run audit:verify',
      );
    const number = (previous?.number ?? 0) + 1;
    const previousHead = previous?.head ?? NO_HEAD;
    return this.ring.sign({
      number,
      entryCount: members.length,
      firstId: members[0]?.id ?? 0,
      lastId: members.at(-1)?.id ?? 0,
      previousHead,
      head: headOf({ number, previousHead, sealedAt }, members),
      sealedAt,
    });
  }

  /** Kept elsewhere, this line shows later whether the chain still goes through this head. */
  private tell({ number, head, entryCount }: Seal): void {
    this.lastHead = head;
    this.logger.log(
      { event_type: 'audit_sealed', number, head: head.toString('hex'), entries: entryCount },
      'the audit log was sealed',
    );
  }
}
