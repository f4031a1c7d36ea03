import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { SERVICE_IDENTITY } from '../databases/service-identity.js';

export interface DeletionRow {
  service: string | null;
  userId: number;
  deletedAt: Date;
}

const SELECT = `SELECT ${SERVICE_IDENTITY} AS service, user_id AS "userId", deleted_at AS "deletedAt"
                FROM account_deletions`;

@Injectable()
export class AccountDeletionsRepository {
  constructor(private readonly dataSource: DataSource) {}

  async add(manager: EntityManager, userId: number): Promise<void> {
    await manager.query('INSERT INTO account_deletions (user_id) VALUES ($1) ON CONFLICT DO NOTHING', [
      userId,
    ]);
  }

  find(userId: number): Promise<DeletionRow[]> {
    return this.dataSource.query(`${SELECT} WHERE user_id = $1`, [userId]);
  }

  list(): Promise<DeletionRow[]> {
    return this.dataSource.query(`${SELECT} ORDER BY deleted_at, user_id`);
  }
}
