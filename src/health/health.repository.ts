import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

@Injectable()
export class HealthRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** How many migrations this version knows and the database has not seen. */
  async countPendingMigrations(): Promise<number> {
    const rows = await this.dataSource.query<{ name: string }[]>('SELECT name FROM migrations');
    const done = new Set(rows.map(({ name }) => name));
    return this.dataSource.migrations.filter(({ name }) => name === undefined || !done.has(name)).length;
  }
}
