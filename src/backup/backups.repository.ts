import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { Backup, type BackupReason } from './backup.entity.js';

/** What a run that succeeded says of its file. */
export interface BackupOutcome {
  file: string;
  bytes: number;
  sha256: string;
  verifiedAt: Date;
  verification: 'restore' | 'read';
  note: string | null;
}

@Injectable()
export class BackupsRepository {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * Notes that a run begins.
   * @param slot of the schedule, or null
   * @returns its id, or undefined when a run for this slot goes on or has succeeded
   */
  async begin(reason: BackupReason, slot: Date | null): Promise<number | undefined> {
    const rows = await this.dataSource.query<{ id: number }[]>(
      `INSERT INTO backups (reason, slot) VALUES ($1, $2)
       ON CONFLICT (slot) WHERE state <> 'failed' DO NOTHING RETURNING id`,
      [reason, slot],
    );
    return rows[0]?.id;
  }

  transaction<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return this.dataSource.transaction(work);
  }

  async succeed(manager: EntityManager, id: number, outcome: BackupOutcome): Promise<void> {
    await manager.query(
      `UPDATE backups SET state = 'verified', finished_at = now(), file = $2, bytes = $3, sha256 = $4,
                          verified_at = $5, verification = $6, note = $7 WHERE id = $1`,
      [
        id,
        outcome.file,
        outcome.bytes,
        outcome.sha256,
        outcome.verifiedAt,
        outcome.verification,
        outcome.note,
      ],
    );
  }

  async fail(manager: EntityManager, id: number, error: string): Promise<void> {
    await manager.query(
      `UPDATE backups SET state = 'failed', finished_at = now(), error = $2 WHERE id = $1 AND state = 'running'`,
      [id, error],
    );
  }

  /** Ends the rows of runs whose process is gone. To be called under the lock, when no run can be going on. */
  async failInterrupted(error: string): Promise<void> {
    await this.dataSource.query(
      `UPDATE backups SET state = 'failed', finished_at = now(), error = $1 WHERE state = 'running'`,
      [error],
    );
  }

  /** These files are there no more. */
  async forgetFiles(files: string[]): Promise<void> {
    await this.dataSource.query('UPDATE backups SET file = NULL WHERE file = ANY ($1)', [files]);
  }

  /** The newest runs that succeeded, newest first. */
  lastVerified(limit: number): Promise<Backup[]> {
    return this.dataSource
      .getRepository(Backup)
      .find({ where: { state: 'verified' }, order: { finishedAt: 'DESC', id: 'DESC' }, take: limit });
  }

  /** The newest run whose file was restored, not only read. */
  async lastRestored(): Promise<Backup | undefined> {
    const [row] = await this.dataSource
      .getRepository(Backup)
      .find({ where: { verification: 'restore' }, order: { verifiedAt: 'DESC', id: 'DESC' }, take: 1 });
    return row;
  }

  /** Whether a run has failed since the last one that succeeded, for another reason than these. */
  async hasFailedSinceSuccess(reasonsApart: string[]): Promise<boolean> {
    const [row] = await this.dataSource.query<{ failed: boolean }[]>(
      `SELECT EXISTS (SELECT FROM backups WHERE state = 'failed' AND error <> ALL ($1)
                        AND id > coalesce((SELECT max(id) FROM backups WHERE state = 'verified'), 0)) AS failed`,
      [reasonsApart],
    );
    return row?.failed ?? false;
  }

  /** The newest run that has ended, however. */
  async lastEnded(): Promise<Backup | undefined> {
    const [row] = await this.dataSource
      .getRepository(Backup)
      .find({ where: [{ state: 'verified' }, { state: 'failed' }], order: { id: 'DESC' }, take: 1 });
    return row;
  }

  /** Newest first. */
  list({ beforeId, limit }: { beforeId: number | undefined; limit: number }): Promise<Backup[]> {
    const query = this.dataSource
      .getRepository(Backup)
      .createQueryBuilder('backup')
      .orderBy('backup.id', 'DESC');
    if (beforeId !== undefined) query.where('backup.id < :beforeId', { beforeId });
    return query.take(limit).getMany();
  }

  async find(id: number): Promise<Backup | undefined> {
    return (await this.dataSource.getRepository(Backup).findOneBy({ id })) ?? undefined;
  }
}
