import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { Candidate } from './candidate.entity.js';

export interface NewCandidate {
  electionId: number;
  name: string;
  nameNormalized: string;
  party: string;
}

export interface CandidateChanges {
  name?: string;
  nameNormalized?: string;
  party?: string;
  withdrawn?: boolean;
}

const COLUMNS = `id, election_id AS "electionId", name, name_normalized AS "nameNormalized", party,
  withdrawn_at AS "withdrawnAt", created_at AS "createdAt"`;

@Injectable()
export class CandidatesRepository {
  constructor(private readonly dataSource: DataSource) {}

  transaction<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return this.dataSource.transaction(work);
  }

  /** With an id of the client's choice, which leaves the sequence where it is. @returns undefined when it is taken. */
  async insertWithId(
    manager: EntityManager,
    id: number,
    { electionId, name, nameNormalized, party }: NewCandidate,
  ): Promise<Candidate | undefined> {
    const [row] = await manager.query<Candidate[]>(
      `INSERT INTO candidates (id, election_id, name, name_normalized, party) VALUES ($1, $2, $3, $4, $5)
       ON CONFLICT (id) DO NOTHING RETURNING ${COLUMNS}`,
      [id, electionId, name, nameNormalized, party],
    );
    return row;
  }

  /** With the sequence's next id. @returns undefined when a chosen id sits there; the next try goes past it. */
  async insertWithNextId(
    manager: EntityManager,
    { electionId, name, nameNormalized, party }: NewCandidate,
  ): Promise<Candidate | undefined> {
    const [row] = await manager.query<Candidate[]>(
      `INSERT INTO candidates (election_id, name, name_normalized, party) VALUES ($1, $2, $3, $4)
       ON CONFLICT (id) DO NOTHING RETURNING ${COLUMNS}`,
      [electionId, name, nameNormalized, party],
    );
    return row;
  }

  findById(id: number): Promise<Candidate | null> {
    return this.dataSource.getRepository(Candidate).findOneBy({ id });
  }

  list(electionId: number | undefined, afterId: number | undefined, limit: number): Promise<Candidate[]> {
    const query = this.dataSource
      .getRepository(Candidate)
      .createQueryBuilder('c')
      .orderBy('c.id', 'ASC')
      .limit(limit);
    if (electionId !== undefined) query.andWhere('c.election_id = :electionId', { electionId });
    if (afterId !== undefined) query.andWhere('c.id > :afterId', { afterId });
    return query.getMany();
  }

  /** Changes what is given. Withdrawing twice keeps the first moment. */
  async update(
    manager: EntityManager,
    id: number,
    { name, nameNormalized, party, withdrawn }: CandidateChanges,
  ): Promise<Candidate | undefined> {
    const [rows] = await manager.query<[Candidate[], number]>(
      `UPDATE candidates
       SET name = coalesce($2, name), name_normalized = coalesce($3, name_normalized), party = coalesce($4, party),
           withdrawn_at = CASE $5::boolean WHEN true THEN coalesce(withdrawn_at, now()) WHEN false THEN NULL ELSE withdrawn_at END
       WHERE id = $1 RETURNING ${COLUMNS}`,
      [id, name ?? null, nameNormalized ?? null, party ?? null, withdrawn ?? null],
    );
    return rows[0];
  }

  /** @returns whether there was one. A foreign key of the ballots refuses when it has votes. */
  async delete(manager: EntityManager, id: number): Promise<boolean> {
    return ((await manager.getRepository(Candidate).delete({ id })).affected ?? 0) > 0;
  }
}
