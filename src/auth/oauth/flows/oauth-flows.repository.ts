import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { runPrepared, type Statement } from '../../../database/prepared.js';
import type { OAuthPurpose } from './oauth-flow.entity.js';

export interface NewFlow {
  stateHash: Buffer;
  browserHash: Buffer;
  provider: string;
  purpose: OAuthPurpose;
  redirectUri: string;
  codeChallenge: string;
  lifetimeSeconds: number;
}

export type TakenFlow = Pick<NewFlow, 'stateHash' | 'purpose' | 'redirectUri' | 'codeChallenge'>;

/** Rows that have expired, cleared away with each new one: more than one flow makes. */
const SWEPT_AT_ONCE = 10;

const ADD: Statement = {
  name: 'oauth-flows.add',
  text: `WITH swept AS (
           DELETE FROM oauth_flows WHERE state_hash IN (
             SELECT state_hash FROM oauth_flows WHERE expires_at < now()
             ORDER BY expires_at LIMIT ${SWEPT_AT_ONCE} FOR UPDATE SKIP LOCKED)
         )
         INSERT INTO oauth_flows (state_hash, browser_hash, provider, purpose, redirect_uri, code_challenge, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, now() + make_interval(secs => $7))`,
};

/** By hashes under every key of the ring, each pair under one key. */
const TAKE: Statement = {
  name: 'oauth-flows.take',
  text: `DELETE FROM oauth_flows
         WHERE (state_hash, browser_hash) IN (SELECT * FROM unnest($1::bytea[], $2::bytea[]))
           AND provider = $3 AND expires_at > now()
         RETURNING state_hash AS "stateHash", purpose, redirect_uri AS "redirectUri", code_challenge AS "codeChallenge"`,
};

/** Flows by the keyed hashes of their states. */
@Injectable()
export class OAuthFlowsRepository {
  constructor(private readonly dataSource: DataSource) {}

  async add(flow: NewFlow): Promise<void> {
    await runPrepared(this.dataSource, ADD, [
      flow.stateHash,
      flow.browserHash,
      flow.provider,
      flow.purpose,
      flow.redirectUri,
      flow.codeChallenge,
      flow.lifetimeSeconds,
    ]);
  }

  /** Ends a flow, if it is of this browser and provider; of many at once one gets it. Another browser ends none. */
  async take(
    provider: string,
    hashes: readonly Pick<NewFlow, 'stateHash' | 'browserHash'>[],
  ): Promise<TakenFlow | undefined> {
    const [flow] = await runPrepared<TakenFlow>(this.dataSource, TAKE, [
      hashes.map(({ stateHash }) => stateHash),
      hashes.map(({ browserHash }) => browserHash),
      provider,
    ]);
    return flow;
  }
}
