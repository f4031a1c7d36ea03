import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { runPrepared, type Statement } from '../../../database/prepared.js';

export interface SealedSecret {
  /** The entry of the key ring that sealed it. */
  keyId: string;
  sealedSecret: Buffer;
}

export interface TotpRow extends SealedSecret {
  userId: number;
}

/** For how long after its beginning a setup can be confirmed. */
const SETUP_LASTS = `interval '1 hour'`;

const FIND_CONFIRMED: Statement = {
  name: 'mfa-totp.find-confirmed',
  text: `SELECT key_id AS "keyId", sealed_secret AS "sealedSecret" FROM mfa_totp
         WHERE user_id = $1 AND confirmed_at IS NOT NULL`,
};

const COLUMNS = `user_id AS "userId", key_id AS "keyId", sealed_secret AS "sealedSecret"`;

/** Authenticator apps, one an account. */
@Injectable()
export class TotpRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** Begins a setup, in the place of one that was never confirmed. @returns false where an app is in force */
  async begin(userId: number, { keyId, sealedSecret }: SealedSecret): Promise<boolean> {
    const rows = await this.dataSource.query<unknown[]>(
      `INSERT INTO mfa_totp AS m (user_id, key_id, sealed_secret) VALUES ($1, $2, $3)
       ON CONFLICT (user_id) DO UPDATE
         SET key_id = excluded.key_id, sealed_secret = excluded.sealed_secret, created_at = excluded.created_at
         WHERE m.confirmed_at IS NULL
       RETURNING user_id`,
      [userId, keyId, sealedSecret],
    );
    return rows.length === 1;
  }

  /** The secret of a setup that can still be confirmed. */
  async findBegun(userId: number): Promise<SealedSecret | undefined> {
    const [row] = await this.dataSource.query<SealedSecret[]>(
      `SELECT key_id AS "keyId", sealed_secret AS "sealedSecret" FROM mfa_totp
       WHERE user_id = $1 AND confirmed_at IS NULL AND created_at > now() - ${SETUP_LASTS}`,
      [userId],
    );
    return row;
  }

  /** Puts an app in force, once, if its secret is the one that the code was compared with. */
  async confirm(
    manager: EntityManager,
    userId: number,
    sealedSecret: Buffer,
    step: number,
  ): Promise<boolean> {
    const [, count] = await manager.query<[unknown, number]>(
      `UPDATE mfa_totp SET confirmed_at = now(), last_step = $3
       WHERE user_id = $1 AND confirmed_at IS NULL AND sealed_secret = $2`,
      [userId, sealedSecret, step],
    );
    return count === 1;
  }

  async findConfirmed(userId: number): Promise<SealedSecret | undefined> {
    return (await runPrepared<TotpRow>(this.dataSource, FIND_CONFIRMED, [userId]))[0];
  }

  /**
   * Uses the code of a step up: no step counts twice, and none before one that was used. Of many at once one gets it.
   * @returns whether it was this one
   */
  async useStep(manager: EntityManager, userId: number, step: number): Promise<boolean> {
    const [, count] = await manager.query<[unknown, number]>(
      'UPDATE mfa_totp SET last_step = $2 WHERE user_id = $1 AND confirmed_at IS NOT NULL AND last_step < $2',
      [userId, step],
    );
    return count === 1;
  }

  /** @returns since when an app is in force, if one is */
  async confirmedAt(userId: number, manager?: EntityManager): Promise<Date | undefined> {
    const [row] = await (manager ?? this.dataSource).query<{ at: Date }[]>(
      'SELECT confirmed_at AS at FROM mfa_totp WHERE user_id = $1 AND confirmed_at IS NOT NULL',
      [userId],
    );
    return row?.at;
  }

  /** Also takes a setup that was never confirmed. @returns whether an app was in force */
  async remove(manager: EntityManager, userId: number): Promise<boolean> {
    const [rows] = await manager.query<[{ was: boolean }[], number]>(
      'DELETE FROM mfa_totp WHERE user_id = $1 RETURNING confirmed_at IS NOT NULL AS was',
      [userId],
    );
    return rows[0]?.was ?? false;
  }

  async keyIdsInUse(): Promise<string[]> {
    // From one id to the next by the index: DISTINCT would read every row, and /ready asks often.
    const rows = await this.dataSource.query<{ keyId: string }[]>(
      `WITH RECURSIVE found AS (
         SELECT min(key_id) AS key_id FROM mfa_totp
         UNION ALL
         SELECT (SELECT min(key_id) FROM mfa_totp WHERE key_id > found.key_id) FROM found WHERE found.key_id IS NOT NULL
       )
       SELECT key_id AS "keyId" FROM found WHERE key_id IS NOT NULL`,
    );
    return rows.map(({ keyId }) => keyId);
  }

  /** Locks up to `limit` secrets that another entry than `keyId` sealed, but for those that another process has locked. */
  lockSealedByOthers(
    manager: EntityManager,
    keyId: string,
    limit: number,
    exceptUserIds: number[],
  ): Promise<TotpRow[]> {
    return manager.query<TotpRow[]>(
      `SELECT ${COLUMNS} FROM mfa_totp WHERE key_id <> $1 AND user_id <> ALL ($3::bigint[])
       ORDER BY user_id LIMIT $2 FOR UPDATE SKIP LOCKED`,
      [keyId, limit, exceptUserIds],
    );
  }

  async reseal(manager: EntityManager, rows: TotpRow[]): Promise<void> {
    await manager.query(
      `UPDATE mfa_totp m SET key_id = r.key_id, sealed_secret = r.sealed_secret
       FROM unnest($1::bigint[], $2::text[], $3::bytea[]) AS r (user_id, key_id, sealed_secret)
       WHERE m.user_id = r.user_id`,
      [rows.map((row) => row.userId), rows.map((row) => row.keyId), rows.map((row) => row.sealedSecret)],
    );
  }
}
