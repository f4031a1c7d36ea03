import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { KeyCanary } from './key-canary.entity.js';
import { ServiceKey } from './service-key.entity.js';

@Injectable()
export class KeysRepository {
  constructor(private readonly dataSource: DataSource) {}

  listCanaries(): Promise<KeyCanary[]> {
    return this.dataSource.getRepository(KeyCanary).find();
  }

  async addCanary(keyId: string, sealed: Buffer): Promise<void> {
    await this.dataSource.query(
      'INSERT INTO key_canaries (key_id, sealed) VALUES ($1, $2) ON CONFLICT DO NOTHING',
      [keyId, sealed],
    );
  }

  /** These keys stand in a recovery file now. */
  async markExported(manager: EntityManager, keyIds: string[]): Promise<void> {
    await manager.query('UPDATE key_canaries SET exported_at = now() WHERE key_id = ANY ($1)', [keyIds]);
  }

  transaction<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return this.dataSource.transaction(work);
  }

  async listExportedIds(): Promise<string[]> {
    const rows = await this.dataSource.query<{ id: string }[]>(
      'SELECT key_id AS id FROM key_canaries WHERE exported_at IS NOT NULL',
    );
    return rows.map(({ id }) => id);
  }

  listServiceKeys(): Promise<ServiceKey[]> {
    return this.dataSource.getRepository(ServiceKey).find();
  }

  /** Of several processes that add the same name at once, one wins; the answer is what is stored. */
  async addServiceKey(name: string, keyId: string, wrappedKey: Buffer): Promise<ServiceKey> {
    await this.dataSource.query(
      'INSERT INTO service_keys (name, key_id, wrapped_key) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING',
      [name, keyId, wrappedKey],
    );
    return this.dataSource.getRepository(ServiceKey).findOneByOrFail({ name });
  }

  /** @returns whether it was still under the key that it was read with. */
  async replaceServiceKey(
    manager: EntityManager,
    { name, keyId: from }: Pick<ServiceKey, 'name' | 'keyId'>,
    { keyId, wrappedKey }: Pick<ServiceKey, 'keyId' | 'wrappedKey'>,
  ): Promise<boolean> {
    const [, count] = await manager.query<[unknown, number]>(
      'UPDATE service_keys SET key_id = $3, wrapped_key = $4 WHERE name = $1 AND key_id = $2',
      [name, from, keyId, wrappedKey],
    );
    return count === 1;
  }
}
