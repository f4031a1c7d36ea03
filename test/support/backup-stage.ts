import { execFileSync } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { BackupsService } from '../../src/backup/backups.service.js';
import type { BackupFile } from '../../src/backup/archive/backup-files.js';
import { startTestServer, type TestServer } from './test-server.js';
import type { TestDatabase } from './test-database.js';
import { WatchedTools } from './watched-tools.js';

/** A service with a backup folder of its own and tools that can be held. */
export class BackupStage {
  private constructor(
    readonly server: TestServer,
    readonly dir: string,
    readonly tools: WatchedTools,
  ) {}

  static async open({
    database,
    env = {},
    dir,
  }: { database?: TestDatabase; env?: Record<string, string>; dir?: string } = {}): Promise<BackupStage> {
    const backupDir = dir ?? (await mkdtemp(path.join(tmpdir(), 'mc101-backups-')));
    const tools = await WatchedTools.make();
    const server = await startTestServer({
      database,
      env: { BACKUP_DIR: backupDir, PG_BIN_DIR: tools.dir, ...env },
    });
    return new BackupStage(server, backupDir, tools);
  }

  /** A run to its end. @throws what the run throws */
  async run(): Promise<BackupFile> {
    const made = await this.server.app.get(BackupsService).run({ reason: 'manual' });
    if (!made) throw new Error('Another run has the lock.');
    return made;
  }

  files(): Promise<string[]> {
    return readdir(this.dir).then((names) => names.sort());
  }

  /** Databases of this server that a run made for itself. */
  async scratchDatabases(): Promise<string[]> {
    const { rows } = await this.server.sql.query<{ name: string }>(
      `SELECT datname AS name FROM pg_database WHERE datname LIKE 'mc101\\_scratch\\_%'`,
    );
    return rows.map(({ name }) => name);
  }

  /** Leaves the folder, which is another stage's too. */
  async closeServer(): Promise<void> {
    await this.server.close();
    await this.tools.remove();
  }

  async close(): Promise<void> {
    await this.closeServer();
    await rm(this.dir, { recursive: true, force: true });
  }
}

/** One statement as the superuser of the test's server. */
export async function asSuperuser(database: TestDatabase, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: database.superuserUrl });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

/** A small file system of its own at this folder. Needs root, as installing the packages of this tier does. */
export function mountSmallDisk(folder: string, bytes: number): { unmount: () => void } {
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', folder]);
  return {
    unmount: () => {
      execFileSync('umount', [folder]);
    },
  };
}
