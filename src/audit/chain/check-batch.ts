import { hashEntry, headOf, type Seal } from '../seals/seal-format.js';
import type { StoredMember } from './chain.repository.js';

/** Why a batch is not what was sealed. */
type BreakReason =
  | 'seal_altered'
  | 'key_unknown'
  | 'seal_missing'
  | 'chain_broken'
  | 'anchor_missing'
  | 'entry_missing'
  | 'entry_added'
  | 'entry_changed'
  | 'entries_reordered'
  | 'address_changed'
  | 'known_head_differs'
  | 'known_head_missing';

export interface Break {
  readonly seal: number;
  readonly reason: BreakReason;
  /** For people. */
  readonly detail: string;
  readonly entryId?: number;
}

/** Adds up one batch as its members come in, and says at its end what is wrong with it. */
export class BatchCheck {
  private readonly members: { id: number; hash: Buffer }[] = [];
  private readonly hashes = new Set<string>();
  private found: Omit<Break, 'seal'> | undefined;
  private readonly changed: { id: number; hash: string }[] = [];

  constructor(private readonly seal: Seal) {}

  get isEmpty(): boolean {
    return this.members.length === 0;
  }

  add({ id, hash, entry }: StoredMember): void {
    this.members.push({ id, hash });
    this.hashes.add(hash.toString('hex'));
    if (!entry) this.found ??= { reason: 'entry_missing', detail: `Entry ${id} is gone.`, entryId: id };
    else {
      const now = hashEntry(entry);
      if (!now.equals(hash)) this.changed.push({ id, hash: now.toString('hex') });
    }
  }

  /** Of a batch whose seal is as it was signed. */
  finish(): Break | undefined {
    const problem = this.problemWithMembers() ?? this.found ?? this.problemWithContents();
    return problem && { seal: this.seal.number, ...problem };
  }

  private problemWithMembers(): Omit<Break, 'seal'> | undefined {
    const { members, seal } = this;
    const { entryCount } = seal;
    if (members.length < entryCount)
      return {
        reason: 'entry_missing',
        detail: `It has ${members.length} entries instead of ${entryCount}.`,
      };
    if (members.length > entryCount)
      return { reason: 'entry_added', detail: `It has ${members.length} entries instead of ${entryCount}.` };
    if (this.isHeadRight()) return undefined;
    return { reason: 'entries_reordered', detail: 'Its entries are not those that were sealed.' };
  }

  private isHeadRight(): boolean {
    try {
      return headOf(this.seal, this.members).equals(this.seal.head);
    } catch (error) {
      if (error instanceof RangeError) return false;
      throw error;
    }
  }

  private problemWithContents(): Omit<Break, 'seal'> | undefined {
    const [first] = this.changed;
    if (!first) return undefined;
    return this.hashes.has(first.hash)
      ? {
          reason: 'entries_reordered',
          detail: `Entry ${first.id} says what another one said.`,
          entryId: first.id,
        }
      : { reason: 'entry_changed', detail: `Entry ${first.id} was changed.`, entryId: first.id };
  }
}
