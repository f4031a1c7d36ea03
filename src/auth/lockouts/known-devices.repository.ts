import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { runPrepared, type Statement } from '../../database/prepared.js';

/** A device that is not used for this long is forgotten. */
export const DEVICE_IDLE_DAYS = 180;
const MAX_DEVICES = 20;
const SWEPT_AT_ONCE = 10;

const IS_FRESH = `last_used_at > now() - interval '${DEVICE_IDLE_DAYS} days'`;

/** Asked for unknown accounts too, with a user that nobody is, so that it takes as long. */
const FIND: Statement = {
  name: 'known-devices.find',
  text: `SELECT id FROM known_devices WHERE user_id = $1 AND token_hash = ANY ($2::bytea[]) AND ${IS_FRESH}`,
};

/** A token that came under an older key is kept under the present one from now on. */
const RENEW: Statement = {
  name: 'known-devices.renew',
  text: `UPDATE known_devices SET last_used_at = now(), token_hash = $3
         WHERE user_id = $1 AND token_hash = ANY ($2::bytea[]) AND ${IS_FRESH} RETURNING id`,
};

/**
 * The first device of an account is the only one that it ever had. Older ones may have been forgotten since: in an account
 * that is older than that no device is the first.
 */
const ADD: Statement = {
  name: 'known-devices.add',
  text: `INSERT INTO known_devices (user_id, token_hash) VALUES ($1, $2)
         ON CONFLICT (user_id, token_hash) DO UPDATE SET last_used_at = now()
         RETURNING id, NOT EXISTS (SELECT FROM known_devices WHERE user_id = $1)
           AND EXISTS (SELECT FROM users WHERE id = $1 AND created_at > now() - interval '${DEVICE_IDLE_DAYS} days')
           AS "isFirst"`,
};

/**
 * Keeps the newest, those first that came back at least once: a program that never sends its token makes a new device
 * with each login, and is not to push out the phone of its owner. And clears some away that nobody uses any more.
 */
const TRIM: Statement = {
  name: 'known-devices.trim',
  text: `DELETE FROM known_devices WHERE id IN (
           SELECT id FROM known_devices WHERE id IN (
             SELECT id FROM known_devices WHERE user_id = $1 AND id <> $2
             ORDER BY (last_used_at > created_at) DESC, last_used_at DESC OFFSET ${MAX_DEVICES - 1}
           ) OR id IN (SELECT id FROM known_devices WHERE NOT ${IS_FRESH} LIMIT ${SWEPT_AT_ONCE})
           FOR UPDATE SKIP LOCKED)`,
};

/** A device as its owner may see it. */
export interface OwnDevice {
  id: string;
  created_at: Date;
  last_used_at: Date;
}

@Injectable()
export class KnownDevicesRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** @returns the id of the device, if it is one of this user */
  async find(userId: number | undefined, hashes: readonly Buffer[]): Promise<string | undefined> {
    const [row] = await runPrepared<{ id: string }>(this.dataSource, FIND, [userId ?? 0, hashes]);
    return row?.id;
  }

  /** @returns whether it was one of this user */
  async renew(
    manager: EntityManager,
    userId: number,
    hashes: readonly Buffer[],
    current: Buffer,
  ): Promise<boolean> {
    return (await runPrepared(manager, RENEW, [userId, hashes, current])).length > 0;
  }

  /** All of a user's: they are few. */
  listOf(userId: number): Promise<OwnDevice[]> {
    return this.dataSource.query<OwnDevice[]>(
      'SELECT id, created_at, last_used_at FROM known_devices WHERE user_id = $1 ORDER BY created_at, id',
      [userId],
    );
  }

  /** Whether somebody has this device already. */
  async isIssued(manager: EntityManager, hashes: readonly Buffer[]): Promise<boolean> {
    const rows = await manager.query<unknown[]>(
      `SELECT 1 FROM known_devices WHERE token_hash = ANY ($1::bytea[]) AND ${IS_FRESH} LIMIT 1`,
      [hashes],
    );
    return rows.length > 0;
  }

  /** @returns its id, and whether it is the first of this user */
  async add(manager: EntityManager, userId: number, hash: Buffer): Promise<{ id: string; isFirst: boolean }> {
    const [row] = await runPrepared<{ id: string; isFirst: boolean }>(manager, ADD, [userId, hash]);
    if (!row) throw new Error('An insertion answered no row.');
    await runPrepared(manager, TRIM, [userId, row.id]);
    return row;
  }

  /** Those that were added at this moment or later. */
  async forgetSince(manager: EntityManager, userId: number, since: Date): Promise<void> {
    await manager.query('DELETE FROM known_devices WHERE user_id = $1 AND created_at >= $2', [userId, since]);
  }

  /** It is one like any other from now on. */
  async forget(manager: EntityManager, userId: number, id: string): Promise<void> {
    await manager.query('DELETE FROM known_devices WHERE id = $2 AND user_id = $1', [userId, id]);
  }
}
