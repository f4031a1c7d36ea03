import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';

@Injectable()
export class ParticipationsRepository {
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
