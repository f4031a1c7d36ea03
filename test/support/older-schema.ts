import { DataSource } from 'typeorm';
import { dataSourceOptions } from '../../src/database/data-source-options.js';
import { MIGRATIONS } from '../../src/migrations/migrations.js';

/** Gives an empty database the schema of the first version, as that version left it, but for grants. */
export async function migrateAsFirstVersion(ownerUrl: string): Promise<void> {
  const first = await new DataSource({
    ...dataSourceOptions(ownerUrl, 1),
    migrations: MIGRATIONS.slice(0, 1),
  }).initialize();
  try {
    await first.runMigrations({ transaction: 'each' });
  } finally {
    await first.destroy();
  }
}
