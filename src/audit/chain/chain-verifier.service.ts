import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { AuditService } from '../audit.service.js';
import { SHORTEST_RETENTION_DAYS } from '../retention/retention-days.js';
import { AuditSealer } from '../seals/audit-sealer.service.js';
import { NO_HEAD, type Seal } from '../seals/seal-format.js';
import { SigningRing } from '../seals/signing-ring.js';
import { BatchCheck, type Break } from './check-batch.js';
import { ChainRepository, type StoredMember } from './chain.repository.js';

const SEALS_AT_ONCE = 100;
const MEMBERS_AT_ONCE = 2_000;

/** A head that somebody kept outside of the database. */
export interface KnownHead {
  readonly number: number;
  /** Lower-case hex. */
  readonly head: string;
}

export interface ChainReport {
  readonly isIntact: boolean;
  /** The first batch that is not as it was sealed. */
  readonly broken: Break | undefined;
  readonly seals: number;
  readonly entries: number;
  /** Entries that wait for their seal. */
  readonly unsealed: number;
  readonly head: { readonly number: number; readonly head: string; readonly sealedAt: string } | undefined;
  /** The seal whose entries and predecessors were deleted as old. */
  readonly anchor: { readonly number: number; readonly head: string; readonly sealedAt: string } | undefined;
  /** Ids of LOG_SIGNING_KEY that seals need. */
  readonly keyIds: string[];
}

/** Computes the whole chain again and compares. */
@Injectable()
export class ChainVerifier {
  constructor(
    private readonly chain: ChainRepository,
    private readonly ring: SigningRing,
    private readonly sealer: AuditSealer,
    private readonly audit: AuditService,
  ) {}

  /**
   * Seals what waits and reads everything, in slices that fit into memory, with a turn for everybody else after each.
   * @param known heads that the chain must go through
   */
  async verify(known: readonly KnownHead[] = []): Promise<ChainReport> {
    await this.sealer.sealFromStart();
    return this.chain.atOneMoment((moment) =>
      new Reading(this.chain, this.ring, this.audit, moment, known).run(),
    );
  }
}

class Reading {
  private seals = 0;
  private entries = 0;
  private previous: Seal | undefined;
  private anchor: Seal | undefined;
  private broken: Break | undefined;
  private readonly keyIds = new Set<string>();
  private readonly known: Map<number, string>;

  constructor(
    private readonly chain: ChainRepository,
    private readonly ring: SigningRing,
    private readonly audit: AuditService,
    private readonly moment: EntityManager,
    known: readonly KnownHead[],
  ) {
    this.known = new Map(known.map(({ number, head }) => [number, head]));
  }

  async run(): Promise<ChainReport> {
    let page: Seal[];
    do {
      page = await this.chain.seals(
        this.previous?.number ?? Number.MIN_SAFE_INTEGER,
        SEALS_AT_ONCE,
        this.moment,
      );
      await this.readPage(page);
    } while (page.length > 0 && !this.broken);
    this.broken ??= this.missingKnownHead();
    return {
      isIntact: !this.broken,
      broken: this.broken,
      seals: this.seals,
      entries: this.entries,
      unsealed: await this.chain.countUnsealed(this.moment),
      head: this.previous && describe(this.previous),
      anchor: this.anchor && describe(this.anchor),
      keyIds: [...this.keyIds].sort(),
    };
  }

  private async readPage(page: readonly Seal[]): Promise<void> {
    const last = page.at(-1);
    if (!last) return;
    const members = new MemberStream(this.chain, this.moment, this.previous?.number, last.number);
    for (const seal of page) {
      this.broken ??= this.checkSeal(seal);
      if (this.broken) return;
      this.broken = await this.checkEntries(seal, members);
      if (this.broken) return;
      this.previous = seal;
      this.seals += 1;
      this.keyIds.add(seal.keyId);
    }
  }

  private checkSeal(seal: Seal): Break | undefined {
    const { number, previousHead } = seal;
    const signed = this.ring.check(seal);
    if (signed === 'altered')
      return { seal: number, reason: 'seal_altered', detail: 'The seal is not as it was signed.' };
    if (signed === 'unknown key')
      return {
        seal: number,
        reason: 'key_unknown',
        detail: `The seal was signed with the key "${seal.keyId}", which LOG_SIGNING_KEY does not hold.`,
      };
    const expected = this.previous ? this.previous.number + 1 : number;
    if (number !== expected)
      return {
        seal: expected,
        reason: 'seal_missing',
        detail: `After seal ${expected - 1} comes seal ${number}.`,
      };
    const before = this.previous?.head ?? (number === 1 ? NO_HEAD : previousHead);
    if (!previousHead.equals(before))
      return { seal: number, reason: 'chain_broken', detail: 'It does not continue the seal before it.' };
    const known = this.known.get(number);
    if (known !== undefined && known !== seal.head.toString('hex'))
      return {
        seal: number,
        reason: 'known_head_differs',
        detail: `Its head was ${known} when it was noted.`,
      };
    return undefined;
  }

  private async checkEntries(seal: Seal, members: MemberStream): Promise<Break | undefined> {
    const batch = new BatchCheck(seal);
    let address: Break | undefined;
    for await (const member of members.of(seal.number)) {
      batch.add(member);
      address ??= await this.checkAddress(member);
      this.entries += 1;
    }
    if (!this.previous) {
      if (batch.isEmpty && (await this.chain.isPruningTold(seal, SHORTEST_RETENTION_DAYS, this.moment))) {
        this.anchor = seal;
        return undefined;
      }
      if (seal.number !== 1)
        return {
          seal: seal.number,
          reason: 'anchor_missing',
          detail: 'The chain begins here, and no deletion of old entries that ended here is on record.',
        };
    }
    return batch.finish() ?? address;
  }

  /** One that is gone was too old to be kept. */
  private async checkAddress({ seal, id, entry, address }: StoredMember): Promise<Break | undefined> {
    if (address === null || !entry) return undefined;
    if (entry.address_hash === (await this.audit.hashOf(address)).toString('hex')) return undefined;
    return {
      seal,
      reason: 'address_changed',
      detail: `The address of entry ${id} is not the one that it came from.`,
      entryId: id,
    };
  }

  private missingKnownHead(): Break | undefined {
    const last = this.previous?.number ?? 0;
    const missing = Math.min(...[...this.known.keys()].filter((number) => number > last));
    if (!Number.isFinite(missing)) return undefined;
    return {
      seal: missing,
      reason: 'known_head_missing',
      detail: `The chain ends with seal ${last}, and seal ${missing} was noted.`,
    };
  }
}

/** The members of one seal after the other, read in slices. */
class MemberStream {
  private slice: StoredMember[] = [];
  private isAtEnd = false;
  private position: { seal: number; id: number };

  constructor(
    private readonly chain: ChainRepository,
    private readonly moment: EntityManager,
    after: number | undefined,
    private readonly through: number,
  ) {
    this.position = { seal: after ?? Number.MIN_SAFE_INTEGER, id: Number.MAX_SAFE_INTEGER };
  }

  async *of(seal: number): AsyncGenerator<StoredMember> {
    for (;;) {
      const next = this.slice[0] ?? (await this.read());
      if (!next || next.seal > seal) return;
      this.slice.shift();
      yield next;
    }
  }

  private async read(): Promise<StoredMember | undefined> {
    if (this.isAtEnd) return undefined;
    this.slice = await this.chain.members(this.position, this.through, MEMBERS_AT_ONCE, this.moment);
    this.isAtEnd = this.slice.length < MEMBERS_AT_ONCE;
    this.position = this.slice.at(-1) ?? this.position;
    return this.slice[0];
  }
}

function describe({ number, head, sealedAt }: Seal): { number: number; head: string; sealedAt: string } {
  return { number, head: head.toString('hex'), sealedAt };
}
