import { execFile } from 'node:child_process';
import { readdir, realpath } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { complaintOf, StartupError } from './startup-error.js';

const run = promisify(execFile);

/** A folder of PostgreSQL programs: the version of each that answers `--version`. */
export interface Installation {
  binDir: string;
  server?: Version;
  initdb?: Version;
  pgCtl?: Version;
  dump?: Version;
  restore?: Version;
}

/** `text` as printed ("15.18", "19devel"), `major` as a number. */
export interface Version {
  major: number;
  text: string;
}

/** Where distributions, Homebrew and Postgres.app keep one folder per major version. */
const VERSIONED_FOLDERS: readonly { parent: string; name: RegExp; below: string }[] = [
  { parent: '/usr/lib/postgresql', name: /^\d+$/, below: 'bin' },
  { parent: '/usr', name: /^pgsql-\d+$/, below: 'bin' },
  { parent: '/usr/local', name: /^pgsql$/, below: 'bin' },
  { parent: '/usr/libexec', name: /^postgresql\d+$/, below: '' },
  { parent: '/opt/homebrew/opt', name: /^postgresql(@\d+)?$/, below: 'bin' },
  { parent: '/usr/local/opt', name: /^postgresql(@\d+)?$/, below: 'bin' },
  { parent: '/home/linuxbrew/.linuxbrew/opt', name: /^postgresql(@\d+)?$/, below: 'bin' },
  { parent: '/Applications/Postgres.app/Contents/Versions', name: /^\d+$/, below: 'bin' },
];

const PROGRAMS = [
  ['server', 'postgres'],
  ['initdb', 'initdb'],
  ['pgCtl', 'pg_ctl'],
  ['dump', 'pg_dump'],
  ['restore', 'pg_restore'],
] as const;

/**
 * Every local PostgreSQL folder, newest server first, links resolved and each folder once.
 * `searchPath` is the value of PATH.
 */
export async function findInstallations(searchPath = ''): Promise<Installation[]> {
  const folders = new Set<string>();
  for (const folder of await candidateFolders(searchPath)) {
    // A link such as /usr/local/bin/postgres leads to the folder that really holds the programs.
    for (const program of ['postgres', 'pg_dump']) {
      const target = await realpath(path.join(folder, program)).catch(() => undefined);
      // Debian's /usr/bin/pg_dump is a wrapper that picks a version of its own; the real ones are found too.
      if (target && path.basename(target) === program) folders.add(path.dirname(target));
    }
  }
  const found = await Promise.all([...folders].map(inspectInstallation));
  return found.sort((a, b) => (b.server?.major ?? 0) - (a.server?.major ?? 0));
}

/** What this folder holds; a program that is absent or does not run has no version. */
export async function inspectInstallation(binDir: string): Promise<Installation> {
  const installation: Installation = { binDir };
  await Promise.all(
    PROGRAMS.map(async ([key, program]) => {
      installation[key] = await programVersion(path.join(binDir, program)).catch(() => undefined);
    }),
  );
  return installation;
}

/**
 * What `<program> --version` says.
 * @throws StartupError with the program's own complaint when it does not run
 */
export async function programVersion(program: string): Promise<Version> {
  const { stdout } = await run(program, ['--version'], { timeout: 10_000, cwd: '/' }).catch(
    (error: unknown) => {
      throw new StartupError(`${program} does not run (${complaintOf(error).split('\n').at(-1) ?? ''}).`);
    },
  );
  const version = /\(PostgreSQL\) ((\d+)\S*)/.exec(stdout);
  if (!version?.[1]) throw new StartupError(`${program} is not a PostgreSQL program.`);
  return { major: Number(version[2]), text: version[1] };
}

async function candidateFolders(searchPath: string): Promise<string[]> {
  const onPath = searchPath.split(path.delimiter).filter((folder) => path.isAbsolute(folder));
  const versioned = await Promise.all(
    VERSIONED_FOLDERS.map(async ({ parent, name, below }) => {
      const entries = await readdir(parent).catch(() => []);
      return entries.filter((entry) => name.test(entry)).map((entry) => path.join(parent, entry, below));
    }),
  );
  return [...onPath, ...versioned.flat()];
}
