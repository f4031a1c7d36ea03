import { Injectable } from '@nestjs/common';

/** Whose data is exported. */
export interface ExportedAccount {
  readonly userId: number;
  readonly voterKey: string;
}

/** A list of an export. It is read a page at a time, however long it is. */
export interface ExportSection {
  readonly name: string;
  readonly items: (account: ExportedAccount) => AsyncIterable<unknown>;
}

/**
 * What there is to export of an account. Each module adds what it keeps of people; whoever adds a table with an
 * account's id in it adds it here too.
 */
@Injectable()
export class AccountExport {
  private readonly added: ExportSection[] = [];

  /** To be called from constructors. A section gives away nothing of anybody else, and no hash, key or code. */
  add(section: ExportSection): void {
    this.added.push(section);
  }

  get sections(): readonly ExportSection[] {
    return this.added;
  }
}
