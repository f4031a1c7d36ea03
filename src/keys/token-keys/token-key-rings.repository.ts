import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { TokenKeyRing } from './token-key-ring.entity.js';

export type NotedRing = Pick<TokenKeyRing, 'variable' | 'keyIds' | 'fingerprints'>;

@Injectable()
export class TokenKeyRingsRepository {
  constructor(private readonly dataSource: DataSource) {}

  transaction<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return this.dataSource.transaction(work);
  }

  /**
   * Notes a ring, unless it is noted like this already. Of many at once one does; the others wait for its transaction.
   * @returns the ring that was noted before and is another one; undefined where nothing has changed, or none was noted
   */
  async note(
    manager: EntityManager,
    { variable, keyIds, fingerprints }: NotedRing,
  ): Promise<NotedRing | undefined> {
    const values = [variable, keyIds, fingerprints];
    const added = await manager.query<unknown[]>(
      `INSERT INTO token_key_rings (variable, key_ids, fingerprints) VALUES ($1, $2, $3)
       ON CONFLICT DO NOTHING RETURNING variable`,
      values,
    );
    if (added.length > 0) return undefined;
    const [before] = await manager.query<NotedRing[]>(
      'SELECT variable, key_ids AS "keyIds", fingerprints FROM token_key_rings WHERE variable = $1 FOR UPDATE',
      [variable],
    );
    const [, count] = await manager.query<[unknown, number]>(
      `UPDATE token_key_rings SET key_ids = $2, fingerprints = $3, noted_at = now()
       WHERE variable = $1 AND (key_ids, fingerprints) IS DISTINCT FROM ($2::text[], $3::text[])`,
      values,
    );
    return count > 0 ? before : undefined;
  }
}
