import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { PluralityBallots } from '../counting/count-plurality.js';

/** The candidates and the ballots of an election as they were at one moment. */
export interface PluralitySnapshot {
  /** By id. */
  candidates: { id: number; name: string }[];
  ballots: PluralityBallots[];
}

interface Row {
  id: number;
  name: string;
  weight: number | null;
  count: number | null;
}

@Injectable()
export class CountsRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** One statement, so that candidates and ballots come from one snapshot and no count ever runs backwards. */
  async readPlurality(electionId: number): Promise<PluralitySnapshot> {
    const rows = await this.dataSource.query<Row[]>(
      `SELECT c.id, c.name, b.weight, b.count
       FROM candidates c
       LEFT JOIN (
         SELECT candidate_id, weight::float8 AS weight, count(*) AS count
         FROM ballots WHERE election_id = $1 GROUP BY candidate_id, weight
       ) b ON b.candidate_id = c.id
       WHERE c.election_id = $1
       ORDER BY c.id`,
      [electionId],
    );
    const candidates = new Map(rows.map(({ id, name }) => [id, { id, name }]));
    const ballots = rows.flatMap(({ id, weight, count }) =>
      weight === null || count === null ? [] : [{ ballot: { candidate_id: id }, weight, count }],
    );
    return { candidates: [...candidates.values()], ballots };
  }
}
