import { randomUUID } from 'node:crypto';
import { CandidatesService } from '../../../src/voting/candidates/candidates.service.js';
import { CastVoteService } from '../../../src/voting/casting/cast-vote.service.js';
import type { CastVoteRequest } from '../../../src/voting/casting/cast-vote.dto.js';
import { AddressesService } from '../../../src/users/addresses.service.js';
import { UsersService } from '../../../src/users/users.service.js';
import { Held } from '../../support/held.js';
import { unique, type TestServer } from '../../support/test-server.js';

export interface Voter {
  userId: number;
  email: string;
}

/** The words of voting tests, on the services of a running server. */
export class PollingPlace {
  readonly users: UsersService;
  private readonly addresses: AddressesService;
  private readonly candidates: CandidatesService;
  private readonly casting: CastVoteService;

  constructor(private readonly server: TestServer) {
    this.users = server.app.get(UsersService);
    this.addresses = server.app.get(AddressesService);
    this.candidates = server.app.get(CandidatesService);
    this.casting = server.app.get(CastVoteService);
  }

  /** A new candidate, of the default election unless another is named. */
  async stand({
    electionId,
    id,
    name = `Candidate ${unique()}`,
  }: { electionId?: number; id?: number; name?: string } = {}) {
    return (await this.candidates.create({ name, party: 'independent', id, election_id: electionId })).id;
  }

  withdraw(id: number, withdrawn = true) {
    return this.candidates.update(id, { withdrawn });
  }

  /** An election that an operator has put straight into the table. */
  async callElection(columns: Record<string, unknown> = {}): Promise<number> {
    const row = { title: `Election ${unique()}`, state: 'open', method: 'plurality', ...columns };
    const names = Object.keys(row);
    const { rows } = await this.server.sql.query<{ id: number }>(
      `INSERT INTO elections (${names.join(', ')}) VALUES (${names.map((_, index) => `$${index + 1}`).join(', ')}) RETURNING id`,
      Object.values(row),
    );
    return rows[0]!.id;
  }

  address(): string {
    return `voter-${unique()}@example.com`;
  }

  async register(email = this.address()): Promise<Voter> {
    return { userId: (await this.users.create({ name: 'Voter', email, passwordHash: null })).id, email };
  }

  /** As an address that its owner has proven. */
  async move(voter: Voter, email: string): Promise<Voter> {
    await this.addresses.changeEmail(voter.userId, email);
    return { ...voter, email };
  }

  async leave(voter: Voter): Promise<void> {
    await this.server.sql.query('DELETE FROM users WHERE id = $1', [voter.userId]);
  }

  /** @returns `counted`, or the code of the refusal. Anything but a refusal is thrown. */
  async vote(voter: { userId: number }, request: CastVoteRequest): Promise<string> {
    try {
      await this.casting.cast(voter, request);
      return 'counted';
    } catch (error) {
      const { code } = error as { code?: string };
      if (code === undefined || !/^[A-Z_]+$/.test(code)) throw error;
      return code;
    }
  }

  async totals(electionId: number): Promise<{ participations: number; ballots: number }> {
    const { rows } = await this.server.sql.query<{ participations: number; ballots: number }>(
      `SELECT (SELECT count(*)::int FROM participations WHERE election_id = $1) AS participations,
              (SELECT count(*)::int FROM ballots WHERE election_id = $1) AS ballots`,
      [electionId],
    );
    return rows[0]!;
  }

  /** Does `statement` in a transaction of its own, which holds its locks until it is let go. */
  hold(statement: string, values: unknown[]): Promise<Held> {
    return Held.by(this.server.sql, statement, values);
  }
}

/** A ballot that takes a leaf hash, to be held uncommitted. */
export const INSERT_BALLOT = `INSERT INTO ballots (id, election_id, candidate_id, ballot, nonce, leaf_hash)
  VALUES ('${randomUUID()}', $1, $2, '{}', '\\x00', $3)`;
