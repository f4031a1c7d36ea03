import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';

/** Backup codes by their keyed hashes. */
@Injectable()
export class BackupCodesRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** Puts these in the place of every code that the account had. */
  async replace(manager: EntityManager, userId: number, hashes: Buffer[]): Promise<void> {
    await this.removeAll(manager, userId);
    await manager.query('INSERT INTO mfa_backup_codes (user_id, code_hash) SELECT $1, unnest($2::bytea[])', [
      userId,
      hashes,
    ]);
  }

  /** @param hashes of one code, under each key it may have been stored with */
  async isUnused(userId: number, hashes: Buffer[]): Promise<boolean> {
    const rows = await this.dataSource.query<unknown[]>(
      'SELECT FROM mfa_backup_codes WHERE user_id = $1 AND code_hash = ANY ($2) AND used_at IS NULL',
      [userId, hashes],
    );
    return rows.length > 0;
  }

  /** Of many at once one gets it; the others wait for that one's transaction. @returns whether it was this one. */
  async useOnce(manager: EntityManager, userId: number, hashes: Buffer[]): Promise<boolean> {
    const [, count] = await manager.query<[unknown, number]>(
      `UPDATE mfa_backup_codes SET used_at = now()
       WHERE user_id = $1 AND code_hash = ANY ($2) AND used_at IS NULL`,
      [userId, hashes],
    );
    return count === 1;
  }

  async countUnused(userId: number, manager?: EntityManager): Promise<number> {
    const [row] = await (manager ?? this.dataSource).query<{ count: number }[]>(
      'SELECT count(*)::integer AS count FROM mfa_backup_codes WHERE user_id = $1 AND used_at IS NULL',
      [userId],
    );
    return row?.count ?? 0;
  }

  async removeAll(manager: EntityManager, userId: number): Promise<void> {
    await manager.query('DELETE FROM mfa_backup_codes WHERE user_id = $1', [userId]);
  }
}
