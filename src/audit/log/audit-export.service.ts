import { Injectable } from '@nestjs/common';
import { canonicalJson } from '../../crypto/canonical-json.js';
import { ChainRepository } from '../chain/chain.repository.js';
import type { Seal, SealedEntry } from '../seals/seal-format.js';

const MEMBERS_AT_ONCE = 1_000;
const SEALS_AT_ONCE = 100;

interface ExportRange {
  /** Inclusive. */
  readonly from?: Date;
  /** Exclusive. */
  readonly before?: Date;
}

/** Gives the log away as JSON lines, with everything that the chain needs to be verified elsewhere. */
@Injectable()
export class AuditExportService {
  constructor(private readonly chain: ChainRepository) {}

  /**
   * Whole batches, each as its entries and then its seal, and at the end what waits for a seal. With a range, the
   * batches from the first to the last that hold entries of it. Never an address, only its keyed hash. Reads on as it is
   * read: whoever takes the lines slowly holds nothing up.
   */
  async *lines({ from, before }: ExportRange = {}): AsyncGenerator<string> {
    const isWhole = from === undefined && before === undefined;
    const range = isWhole
      ? { first: Number.MIN_SAFE_INTEGER + 1, last: Number.MAX_SAFE_INTEGER }
      : await this.chain.sealsOf(from, before);
    if (range) yield* this.batches(range.first, range.last);
    yield* this.waiting({ from, before });
  }

  private async *batches(first: number, last: number): AsyncGenerator<string> {
    for (let after = first - 1; ;) {
      const seals = (await this.chain.seals(after, SEALS_AT_ONCE)).filter(({ number }) => number <= last);
      const end = seals.at(-1);
      if (!end) return;
      for (const seal of seals) {
        yield* this.entriesOf(seal);
        yield sealLine(seal);
      }
      after = end.number;
    }
  }

  private async *entriesOf({ number }: Seal): AsyncGenerator<string> {
    for (let after = Number.MIN_SAFE_INTEGER; ;) {
      const members = await this.chain.members({ seal: number, id: after }, number, MEMBERS_AT_ONCE);
      const end = members.at(-1);
      if (!end) return;
      yield members.map(({ entry }) => (entry ? entryLine(entry, number) : '')).join('');
      after = end.id;
    }
  }

  private async *waiting({ from, before }: ExportRange): AsyncGenerator<string> {
    for (let after = Number.MIN_SAFE_INTEGER; ;) {
      const entries = await this.chain.unsealed(after, MEMBERS_AT_ONCE);
      const end = entries.at(-1);
      if (!end) return;
      const fitting = entries.filter(
        ({ at }) => (!from || new Date(at) >= from) && (!before || new Date(at) < before),
      );
      yield fitting.map((entry) => entryLine(entry, null)).join('');
      after = end.id;
    }
  }
}

function entryLine(entry: SealedEntry, seal: number | null): string {
  return `${canonicalJson({ kind: 'entry', seal, ...entry })}\n`;
}

function sealLine(seal: Seal): string {
  const line = {
    kind: 'seal',
    number: seal.number,
    entry_count: seal.entryCount,
    first_id: seal.firstId,
    last_id: seal.lastId,
    previous_head: seal.previousHead.toString('hex'),
    head: seal.head.toString('hex'),
    key_id: seal.keyId,
    signature: seal.signature.toString('hex'),
    sealed_at: seal.sealedAt,
  };
  return `${canonicalJson(line)}\n`;
}
