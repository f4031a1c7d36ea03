import { clusterFolder, clusterMajor } from './cluster-folder.js';
import { reachableBinaries } from './copy-binaries.js';
import { prepareDataFolder, type DataFolder } from './data-folder.js';
import { findDumpTools, type DumpTools } from './find-dump-tools.js';
import { initCluster } from './init-cluster.js';
import { locateBinaries, type PostgresBinaries } from './locate-binaries.js';
import { databaseUrls, ensureRolesAndDatabase, type DatabaseUrls } from './roles-and-database.js';
import { prepareRunFolder } from './run-folder.js';
import { ensureSecrets, type Secrets } from './secrets-file.js';
import { startServer, type RunningServer } from './start-server.js';
import { stopServer } from './stop-server.js';

/** What an entry point says about the embedded database it wants. */
export interface EmbeddedDatabaseOptions {
  dataDir: string;
  /** Nobody configured `dataDir`: started by root below a closed home, another folder takes its place. */
  dataDirIsDefault: boolean;
  /** PG_BIN_DIR. */
  pgBinDir?: string;
  /** PATH, searched for a local installation besides the usual folders. */
  searchPath?: string;
  /** Off for tests alone. Default true. */
  fsync?: boolean;
  /** The folder that takes the default's place. Default /var/lib/mc101. */
  fallbackDataDir?: string;
  onProgress: (message: string) => void;
}

/** What an entry point gets. `notes` are sentences for the banner. */
export interface EmbeddedDatabase extends DatabaseUrls {
  /** The folder that is really used: absolute, and another than the configured one when it had to move. */
  dataDir: string;
  secrets: Secrets;
  /** For example "15.18". */
  serverVersion: string;
  source: PostgresBinaries['source'];
  /** Undefined: no backups. */
  dumpTools: DumpTools | undefined;
  notes: string[];
  stop(): Promise<void>;
}

/** The folders, made and checked; nothing runs yet. */
export interface Place extends DataFolder {
  clusterDir: string;
  runDir: string;
}

/** Everything about the database but its server. */
export interface Equipment {
  binaries: PostgresBinaries;
  dumpTools: DumpTools | undefined;
  secrets: Secrets;
  urls: DatabaseUrls;
  notes: string[];
}

export async function preparePlace(options: EmbeddedDatabaseOptions): Promise<Place> {
  const folder = await prepareDataFolder(options);
  const runDir = await prepareRunFolder(folder);
  return { ...folder, runDir, clusterDir: clusterFolder(folder.dataDir) };
}

/** Binaries of the right version, secrets, addresses; the same whether the server runs already or not. */
export async function equip(options: EmbeddedDatabaseOptions, place: Place): Promise<Equipment> {
  const { dataDir, movedFrom, serverUser } = place;
  const major = await clusterMajor(dataDir);
  const located = await locateBinaries({
    pgBinDir: options.pgBinDir,
    searchPath: options.searchPath,
    existing: major === undefined ? undefined : { folder: dataDir, major },
  });
  const [binaries, dumpTools, secrets] = await Promise.all([
    reachableBinaries(located, serverUser, dataDir),
    findDumpTools(located.major, { binDirs: [located.binDir], searchPath: options.searchPath }),
    ensureSecrets(dataDir),
  ]);
  const notes: string[] = [];
  if (movedFrom && serverUser) {
    notes.push(
      `The data lie in ${dataDir}, because the database's user "${serverUser.name}" cannot enter ${movedFrom}.`,
    );
  }
  if (!dumpTools) {
    notes.push(
      `No pg_dump ${binaries.major} or newer was found: install postgresql-client-${binaries.major} to be able to back the database up.`,
    );
  }
  return { binaries, dumpTools, secrets, urls: databaseUrls(place.runDir, secrets), notes };
}

/** Creates the cluster if need be, starts or adopts its server, and makes roles and database. Needs the lock. */
export async function bringUpServer(
  options: EmbeddedDatabaseOptions,
  place: Place,
  { binaries, secrets, urls }: Equipment,
): Promise<{ server: RunningServer; restart: () => Promise<RunningServer> }> {
  const common = {
    ...place,
    binDir: binaries.binDir,
    binaries,
    superuserPassword: secrets.database.superuser,
    fsync: options.fsync ?? true,
    onProgress: options.onProgress,
  };
  await initCluster(common);
  options.onProgress(`Starting PostgreSQL ${binaries.version}…`);
  try {
    const server = await startServer(common);
    await ensureRolesAndDatabase(urls.superuserUrl, secrets);
    return { server, restart: () => startServer(common) };
  } catch (error) {
    await stopServer(place.clusterDir).catch(() => undefined);
    throw error;
  }
}

/** The answer to an entry point. */
export function toEmbeddedDatabase(
  { dataDir }: Place,
  { binaries, dumpTools, secrets, urls, notes }: Equipment,
  stop: () => Promise<void>,
): EmbeddedDatabase {
  // Whoever stops twice waits for the same stop.
  let stopped: Promise<void> | undefined;
  return {
    ...urls,
    dataDir,
    secrets,
    serverVersion: binaries.version,
    source: binaries.source,
    dumpTools,
    notes,
    stop: () => (stopped ??= stop()),
  };
}
