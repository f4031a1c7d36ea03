import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';

export interface OwnParticipation {
  election_id: number;
  title: string;
}

@Injectable()
export class ParticipationsRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** The elections in which a voter key has voted, by id. */
  listOf(voterKey: string, afterId: number, limit: number): Promise<OwnParticipation[]> {
    return this.dataSource.query<OwnParticipation[]>(
      `SELECT p.election_id, e.title FROM participations p JOIN elections e ON e.id = p.election_id
       WHERE p.voter_key = $1 AND p.election_id > $2 ORDER BY p.election_id LIMIT $3`,
      [voterKey, afterId, limit],
    );
  }

  /** Whether a voter key has voted anywhere. */
  async hasAny(manager: EntityManager, voterKey: string): Promise<boolean> {
    const rows = await manager.query<unknown[]>('SELECT 1 FROM participations WHERE voter_key = $1 LIMIT 1', [
      voterKey,
    ]);
    return rows.length > 0;
  }

  /**
   * What `from` took part in counts as done by `into`, except where `into` did too: there both rows stay, because two
   * ballots were cast and there is a participation for each. ON CONFLICT waits for a vote of `into` that is on its way.
   */
  async moveWhereFree(manager: EntityManager, from: string, into: string): Promise<void> {
    await manager.query(
      `WITH moved AS (
         INSERT INTO participations (election_id, voter_key)
         SELECT election_id, $2::uuid FROM participations WHERE voter_key = $1
         ON CONFLICT (election_id, voter_key) DO NOTHING
         RETURNING election_id
       )
       DELETE FROM participations p USING moved WHERE p.voter_key = $1 AND p.election_id = moved.election_id`,
      [from, into],
    );
  }
}
