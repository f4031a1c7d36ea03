import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { CodePurpose } from './one-time-code.entity.js';

export interface NewCode {
  purpose: CodePurpose;
  subject: Buffer;
  id: string;
  codeHash: Buffer;
  lifetimeSeconds: number;
}

/** A code of which one try has been taken. */
export interface TriedCode {
  id: string;
  userId: number | null;
  codeHash: Buffer;
}

/** What became of a reset that was asked for. */
export interface ResetAsked {
  /** The active account with this address, and the address as the account has it. */
  account: { id: number; email: string } | undefined;
  /** Whether the code is stored; a live one may have stayed instead. */
  isStored: boolean;
  expiresAt: Date;
}

/** How often somebody may be wrong: whoever comes from one network. */
const TRIES = 5;

/**
 * The same of all networks together. Resets are public: with the tries of one network alone a stranger could use up those
 * of the owner.
 */
const TRIES_IN_ALL: Record<CodePurpose, number> = {
  verify_email: TRIES,
  change_email: TRIES,
  reset_password: 3 * TRIES,
};

/** How soon codes of resets follow each other past the limit of their address, at the least. */
const SECONDS_APART = 600;

/** For how long a code that has ended is remembered, so that its flow can go on with another one. */
const KEPT_FOR = `interval '1 day'`;

@Injectable()
export class OneTimeCodesRepository {
  constructor(private readonly dataSource: DataSource) {}

  transaction<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return this.dataSource.transaction(work);
  }

  /** Stores a code of an account in the place of the former one of its purpose. @returns its end */
  async put(manager: EntityManager, userId: number, code: NewCode): Promise<Date> {
    // The account is locked first, as everywhere: who changes it goes on to its codes.
    const [row] = await manager.query<{ expiresAt: Date }[]>(
      `WITH account AS MATERIALIZED (SELECT id FROM users WHERE id = $7 FOR KEY SHARE)
       INSERT INTO one_time_codes (purpose, subject, id, user_id, code_hash, tries_left, expires_at)
       SELECT $1, $2, $3, id, $4, $6, now() + make_interval(secs => $5) FROM account
       ON CONFLICT (purpose, subject) DO UPDATE SET id = excluded.id, user_id = excluded.user_id,
         code_hash = excluded.code_hash, tries_left = excluded.tries_left, tried_from = excluded.tried_from,
         expires_at = excluded.expires_at
       RETURNING expires_at AS "expiresAt"`,
      [
        code.purpose,
        code.subject,
        code.id,
        code.codeHash,
        code.lifetimeSeconds,
        TRIES_IN_ALL[code.purpose],
        userId,
      ],
    );
    if (!row) throw new Error('A code was issued for an account that there is not.');
    return row.expiresAt;
  }

  /**
   * Stores a code for whoever has an address: the same statement, and one row written, whether anybody has it or not.
   * @param mayReplace false: a code that is live stays as it is, so that there always is one
   */
  async putForAddress(
    manager: EntityManager,
    emailNormalized: string,
    code: NewCode,
    mayReplace: boolean,
  ): Promise<ResetAsked> {
    const [row] = await manager.query<
      { id: number | null; email: string | null; isStored: boolean; expiresAt: Date }[]
    >(
      `WITH account AS MATERIALIZED (
         SELECT id, email FROM users WHERE email_normalized = $7 AND is_active FOR KEY SHARE
       ), stored AS (
         INSERT INTO one_time_codes (purpose, subject, id, user_id, code_hash, tries_left, expires_at)
         VALUES ($1, $2, $3, (SELECT id FROM account), $4, $6, now() + make_interval(secs => $5))
         ON CONFLICT (purpose, subject) DO UPDATE SET id = excluded.id, user_id = excluded.user_id,
           code_hash = excluded.code_hash, tries_left = excluded.tries_left, tried_from = excluded.tried_from,
           expires_at = excluded.expires_at
           WHERE $8 OR one_time_codes.expires_at <= now() - make_interval(secs => greatest(0, ${SECONDS_APART} - $5))
         RETURNING id
       )
       SELECT account.id, account.email, EXISTS (SELECT FROM stored) AS "isStored",
              now() + make_interval(secs => $5) AS "expiresAt"
       FROM (VALUES (1)) AS once LEFT JOIN account ON true`,
      [
        code.purpose,
        code.subject,
        code.id,
        code.codeHash,
        code.lifetimeSeconds,
        TRIES_IN_ALL[code.purpose],
        emailNormalized,
        mayReplace,
      ],
    );
    if (!row) throw new Error('A statement of one row answered none.');
    const { id, email, isStored, expiresAt } = row;
    return { account: id === null || email === null ? undefined : { id, email }, isStored, expiresAt };
  }

  /**
   * Takes one try, committed by itself. Of any number at once as many get one as there are for this network.
   * @param network a keyed hash
   */
  async takeTry(purpose: CodePurpose, subject: Buffer, network: string): Promise<TriedCode | undefined> {
    const [rows] = await this.dataSource.query<[TriedCode[], number]>(
      `UPDATE one_time_codes SET tries_left = tries_left - 1, tried_from = array_append(tried_from, $3)
       WHERE purpose = $1 AND subject = $2 AND tries_left > 0 AND expires_at > now()
         AND coalesce(cardinality(array_positions(tried_from, $3)), 0) < ${TRIES}
       RETURNING id, user_id AS "userId", code_hash AS "codeHash"`,
      [purpose, subject, network],
    );
    return rows[0];
  }

  /** Gives back a try of whoever had the right code and failed elsewhere. */
  async giveTryBack(id: string, purpose: CodePurpose, subject: Buffer, network: string): Promise<void> {
    const place = 'array_position(tried_from, $4)';
    await this.dataSource.query(
      `UPDATE one_time_codes SET tries_left = tries_left + 1,
         tried_from = tried_from[:${place} - 1] || tried_from[${place} + 1:]
       WHERE purpose = $1 AND subject = $2 AND id = $3 AND ${place} IS NOT NULL`,
      [purpose, subject, id, network],
    );
  }

  /** Uses a code up. @returns false when it was used, voided or has ended meanwhile */
  async use(manager: EntityManager, id: string, purpose: CodePurpose, subject: Buffer): Promise<boolean> {
    const [, count] = await manager.query<[unknown, number]>(
      `DELETE FROM one_time_codes WHERE purpose = $1 AND subject = $2 AND id = $3 AND expires_at > now()`,
      [purpose, subject, id],
    );
    return count === 1;
  }

  /** Ends every code of an account, and what waits for one. */
  async endAll(manager: EntityManager, userId: number): Promise<void> {
    await manager.query('UPDATE users SET pending_email = NULL WHERE id = $1 AND pending_email IS NOT NULL', [
      userId,
    ]);
    await manager.query('DELETE FROM one_time_codes WHERE user_id = $1', [userId]);
  }

  /** Forgets codes a day after their end, and addresses that wait for one of them. */
  async deleteEnded(): Promise<void> {
    await this.dataSource.transaction((manager) => this.clearPendingEmails(manager));
    // The code of an address that is still to come stays: by it the next sweep finds the address.
    await this.dataSource.query(
      `DELETE FROM one_time_codes c WHERE expires_at < now() - ${KEPT_FOR} AND NOT EXISTS (
         SELECT FROM users u WHERE u.id = c.user_id AND u.pending_email IS NOT NULL AND c.purpose = 'change_email')`,
    );
  }

  /**
   * The accounts are locked before it is looked at whether their codes have ended: whoever changes an address just now
   * may have been mailed another one. Those that somebody holds are passed over.
   */
  private async clearPendingEmails(manager: EntityManager): Promise<void> {
    const ended = `EXISTS (SELECT FROM one_time_codes c
      WHERE c.purpose = 'change_email' AND c.user_id = u.id AND c.expires_at < now() - ${KEPT_FOR})`;
    const accounts = await manager.query<{ id: number }[]>(
      `SELECT id FROM users u WHERE pending_email IS NOT NULL AND ${ended} FOR UPDATE SKIP LOCKED`,
    );
    await manager.query(`UPDATE users u SET pending_email = NULL WHERE id = ANY ($1) AND ${ended}`, [
      accounts.map(({ id }) => id),
    ]);
  }
}
