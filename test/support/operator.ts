import { execFileSync, spawnSync } from 'node:child_process';
import { chmod, chown, mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { clusterFolder } from '../../src/database/embedded/cluster-folder.js';
import { findPostmaster } from '../../src/database/embedded/postmaster.js';
import { databaseUrls } from '../../src/database/embedded/roles-and-database.js';
import { runFolder } from '../../src/database/embedded/run-folder.js';
import type { Secrets } from '../../src/database/embedded/secrets-file.js';
import { stopServer } from '../../src/database/embedded/stop-server.js';
import {
  checkout,
  freePort,
  ProgramProcess,
  ServiceProcess,
  type OsUser,
  type ProcessOptions,
} from './service-process.js';

export const isRoot = process.getuid?.() === 0;

const NOBODY: OsUser = { uid: 65_534, gid: 65_534 };

/** Who starts the service: whoever runs the tests and, where that is root and the checkout open, somebody else too. */
export function startingUsers(): { label: string; user: OsUser | undefined }[] {
  const self = { label: isRoot ? 'root' : 'an ordinary user', user: undefined };
  if (!isRoot) return [self];
  const tried = spawnSync(process.execPath, ['--check', path.join(checkout, 'dist', 'main.js')], NOBODY);
  return tried.status === 0 ? [self, { label: 'an ordinary user', user: NOBODY }] : [self];
}

export interface StartOptions {
  dataDir: string;
  port?: number;
  env?: Record<string, string>;
  user?: OsUser;
  cwd?: string;
}

/** Somebody at the command line who starts services, in temporary folders; `cleanUp` leaves nothing behind. */
export class Operator {
  private readonly folders: string[] = [];
  private readonly dataDirs = new Set<string>();
  private readonly processes: ProgramProcess[] = [];

  /** A new folder that every user can pass through. */
  async folder(owner?: OsUser): Promise<string> {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'mc101-test-'));
    await chmod(folder, 0o755);
    if (owner) await chown(folder, owner.uid, owner.gid);
    this.folders.push(folder);
    return folder;
  }

  /** A data folder that does not exist yet, in a folder of that user. */
  async newDataDir(owner?: OsUser): Promise<string> {
    const dataDir = path.join(await this.folder(owner), 'data');
    this.dataDirs.add(dataDir);
    return dataDir;
  }

  /** A copy of a data folder on which no service runs, with owners and modes. */
  async copyOf(dataDir: string, place?: string): Promise<string> {
    const copy = place ?? (await this.newDataDir());
    this.dataDirs.add(copy);
    execFileSync('cp', ['-a', dataDir, copy]);
    return copy;
  }

  /** Starts the service and does not wait. */
  async launch({ dataDir, port, env, user, cwd }: StartOptions): Promise<ServiceProcess> {
    this.dataDirs.add(dataDir);
    const options: ProcessOptions = { env: { DATA_DIR: dataDir, ...env }, user, cwd };
    const service = new ServiceProcess(port ?? (await freePort()), options);
    this.processes.push(service);
    return service;
  }

  /** Starts the service and waits for its banner. */
  async start(options: StartOptions): Promise<ServiceProcess> {
    return (await this.launch(options)).ready();
  }

  /** What a start that is refused says on standard error: its one sentence, or sentences. */
  async refusal(options: StartOptions): Promise<string> {
    const service = await this.launch(options);
    const ending = await Promise.race([service.ended, service.ready().catch(() => service.ended)]);
    if (ending instanceof ServiceProcess) throw new Error(`The service started:\n${service.stdout}`);
    const message = service.stderr.trim();
    if (ending.code !== 1 || message === '' || /^\s+at /m.test(message))
      throw new Error(`Expected a refusal, got ${JSON.stringify(ending)} and:\n${service.stderr}`);
    return message;
  }

  /** `npm run cli -- …`, to its end. */
  async command(
    args: string[],
    { dataDir, env, input }: { dataDir: string; env?: Record<string, string>; input?: string },
  ): Promise<{ code: number | null; stdout: string; stderr: string }> {
    const child = new ProgramProcess('scripts/cli.mjs', args, { env: { DATA_DIR: dataDir, ...env }, input });
    this.processes.push(child);
    const { code } = await child.ended;
    return { code, stdout: child.stdout, stderr: child.stderr };
  }

  async cleanUp(): Promise<void> {
    for (const running of this.processes.filter(({ hasEnded }) => !hasEnded)) running.signal('SIGKILL');
    await Promise.all(this.processes.map(({ ended }) => ended));
    for (const dataDir of this.dataDirs) await stopServer(clusterFolder(dataDir));
    for (const folder of this.folders) await rm(folder, { recursive: true, force: true });
    this.processes.length = 0;
    this.folders.length = 0;
    this.dataDirs.clear();
  }
}

/** The pid of the embedded server; undefined when none runs. */
export async function databasePid(dataDir: string): Promise<number | undefined> {
  return findPostmaster(clusterFolder(dataDir));
}

/** What `secrets.json` of this data folder holds. */
export async function readSecrets(dataDir: string): Promise<Secrets> {
  return JSON.parse(await readFile(path.join(dataDir, 'secrets.json'), 'utf8')) as Secrets;
}

/** One statement in the embedded database, as its owner. */
export async function query(
  dataDir: string,
  text: string,
  values: unknown[] = [],
): Promise<Record<string, unknown>[]> {
  const { ownerUrl } = databaseUrls(runFolder(dataDir), await readSecrets(dataDir));
  const client = new pg.Client({ connectionString: ownerUrl });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text, values)).rows;
  } finally {
    await client.end();
  }
}
