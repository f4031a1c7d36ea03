import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { runPrepared, type Statement } from '../../database/prepared.js';

export interface PluralityVote {
  userId: number;
  electionId: number;
  candidateId: number;
  ballotId: string;
  /** Canonical JSON. */
  ballot: string;
  nonce: Buffer;
  leafHash: Buffer;
}

/** What one attempt to vote met. The ballot was cast if and only if `isCast`. */
export interface CastingOutcome {
  isCast: boolean;
  hasVoter: boolean;
  hasElection: boolean;
  /** The candidate stands in this election. */
  hasCandidate: boolean;
  isPlurality: boolean;
  isOpen: boolean;
  isEligible: boolean;
  isWithdrawn: boolean;
  /** The database's time at the answer. */
  answeredAt: Date;
}

/**
 * One vote, whole or not at all, in one statement and so in one transaction.
 *
 * The three rows that decide are locked FOR SHARE before anything is judged, so that each is read as it was last
 * committed and stays so until the vote is: a change of address cannot move the voter key away under us, an election
 * cannot close and a candidate cannot go or be withdrawn between the check and the ballot. `gate` judges what the
 * locks returned, with clock_timestamp(), because now() is from before any waiting. The participation's primary key
 * decides between votes at once; ON CONFLICT waits for the other transaction, also for one that this statement's
 * snapshot cannot see. The ballot is inserted from the participation's RETURNING, so that neither is without the other.
 */
const CAST_PLURALITY: Statement = {
  name: 'voting.cast-plurality',
  text: `WITH voter AS MATERIALIZED (
           SELECT voter_key, email_verified_at IS NOT NULL AS is_verified FROM users WHERE id = $1 AND is_active FOR SHARE
         ), election AS MATERIALIZED (
           SELECT state, method, opens_at, closes_at, eligibility FROM elections WHERE id = $2 FOR SHARE
         ), candidate AS MATERIALIZED (
           SELECT withdrawn_at IS NOT NULL AS is_withdrawn FROM candidates WHERE id = $3 AND election_id = $2 FOR SHARE
         ), gate AS MATERIALIZED (
           SELECT v.voter_key,
                  e.method = 'plurality' AS is_plurality,
                  e.state = 'open'
                    AND (e.opens_at IS NULL OR e.opens_at <= clock_timestamp())
                    AND (e.closes_at IS NULL OR e.closes_at > clock_timestamp()) AS is_open,
                  CASE e.eligibility WHEN 'everyone' THEN true WHEN 'verified' THEN v.is_verified ELSE false END AS is_eligible,
                  c.is_withdrawn
           FROM voter v CROSS JOIN election e CROSS JOIN candidate c
         ), participation AS (
           INSERT INTO participations (election_id, voter_key)
           SELECT $2, voter_key FROM gate WHERE is_plurality AND is_open AND is_eligible AND NOT is_withdrawn
           ON CONFLICT (election_id, voter_key) DO NOTHING
           RETURNING election_id
         ), cast_ballot AS (
           INSERT INTO ballots (id, election_id, candidate_id, ballot, nonce, leaf_hash)
           SELECT $4, election_id, $3, $5, $6, $7 FROM participation
           RETURNING id
         )
         SELECT EXISTS (SELECT FROM cast_ballot) AS "isCast",
                EXISTS (SELECT FROM voter) AS "hasVoter",
                EXISTS (SELECT FROM election) AS "hasElection",
                EXISTS (SELECT FROM candidate) AS "hasCandidate",
                coalesce(g.is_plurality, false) AS "isPlurality",
                coalesce(g.is_open, false) AS "isOpen",
                coalesce(g.is_eligible, false) AS "isEligible",
                coalesce(g.is_withdrawn, false) AS "isWithdrawn",
                clock_timestamp() AS "answeredAt"
         FROM (VALUES (1)) AS once LEFT JOIN gate g ON true`,
};

@Injectable()
export class CastingRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** Casts the ballot unless something forbids it; a unique violation of ballots_leaf_hash_key leaves nothing behind. */
  async castOnce(vote: PluralityVote): Promise<CastingOutcome> {
    const [outcome] = await runPrepared<CastingOutcome>(this.dataSource, CAST_PLURALITY, [
      vote.userId,
      vote.electionId,
      vote.candidateId,
      vote.ballotId,
      vote.ballot,
      vote.nonce,
      vote.leafHash,
    ]);
    if (!outcome) throw new Error('Casting answered no row.');
    return outcome;
  }
}
