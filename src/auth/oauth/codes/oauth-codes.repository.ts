import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { runPrepared, type Statement } from '../../../database/prepared.js';
import type { OAuthPurpose } from '../flows/oauth-flow.entity.js';
import type { ProvenIdentity } from '../providers/identity-provider.js';

export interface CodeGrant {
  identity: ProvenIdentity;
  purpose: OAuthPurpose;
  /** The only account that it can be linked with, where that is known. */
  userId?: number;
  codeChallenge: string;
}

export interface TakenCode extends ProvenIdentity {
  userId: number | null;
  codeChallenge: string;
}

/** Rows that have expired, cleared away with each new one: more than one login makes. */
const SWEPT_AT_ONCE = 10;

const ADD: Statement = {
  name: 'oauth-codes.add',
  text: `WITH swept AS (
           DELETE FROM oauth_codes WHERE code_hash IN (
             SELECT code_hash FROM oauth_codes WHERE expires_at < now()
             ORDER BY expires_at LIMIT ${SWEPT_AT_ONCE} FOR UPDATE SKIP LOCKED)
         )
         INSERT INTO oauth_codes (code_hash, purpose, user_id, provider, issuer, subject, email, is_email_verified, name,
                                  is_multi_factor, code_challenge, authenticated_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $13, now() + make_interval(secs => $12))`,
};

/** Whose identity a code stands for, if it is anybody's yet. */
const FIND_OWNER: Statement = {
  name: 'oauth-codes.find-owner',
  text: `SELECT i.user_id AS "userId" FROM oauth_codes c
         JOIN identities i ON i.issuer = c.issuer AND i.subject = c.subject
         WHERE c.code_hash = ANY ($1::bytea[]) AND c.expires_at > now()`,
};

const TAKE: Statement = {
  name: 'oauth-codes.take',
  text: `DELETE FROM oauth_codes WHERE code_hash = ANY ($1::bytea[]) AND purpose = $2 AND expires_at > now()
         RETURNING user_id AS "userId", provider, issuer, subject, email, is_email_verified AS "isEmailVerified", name,
                   is_multi_factor AS "isMultiFactor", authenticated_at AS "authenticatedAt", code_challenge AS "codeChallenge"`,
};

/** Codes by their keyed hashes. */
@Injectable()
export class OAuthCodesRepository {
  constructor(private readonly dataSource: DataSource) {}

  async add(codeHash: Buffer, grant: CodeGrant, lifetimeSeconds: number): Promise<void> {
    const { identity, purpose, userId, codeChallenge } = grant;
    await runPrepared(this.dataSource, ADD, [
      codeHash,
      purpose,
      userId ?? null,
      identity.provider,
      identity.issuer,
      identity.subject,
      identity.email,
      identity.isEmailVerified,
      identity.name,
      identity.isMultiFactor,
      codeChallenge,
      lifetimeSeconds,
      identity.authenticatedAt,
    ]);
  }

  async findOwner(hashes: Buffer[]): Promise<number | undefined> {
    return (await runPrepared<{ userId: number }>(this.dataSource, FIND_OWNER, [hashes]))[0]?.userId;
  }

  /** Of many at once one gets it. */
  async take(hashes: Buffer[], purpose: OAuthPurpose): Promise<TakenCode | undefined> {
    return (await runPrepared<TakenCode>(this.dataSource, TAKE, [hashes, purpose]))[0];
  }

  async removeOf(manager: EntityManager, userId: number): Promise<void> {
    await manager.query(
      `DELETE FROM oauth_codes c WHERE c.user_id = $1
         OR EXISTS (SELECT FROM identities i WHERE i.user_id = $1 AND i.issuer = c.issuer AND i.subject = c.subject)`,
      [userId],
    );
  }
}
