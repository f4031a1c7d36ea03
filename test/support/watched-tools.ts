import { access, chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { findDumpTools, type DumpTools } from '../../src/database/embedded/find-dump-tools.js';

const POLL_MS = 20;

export type Tool = 'pg_dump' | 'pg_restore';

/** The real pg_dump and pg_restore, in a folder for PG_BIN_DIR, with everything that they are started with on record. */
export class WatchedTools {
  private constructor(
    readonly dir: string,
    /** What is watched. */
    readonly real: DumpTools,
  ) {}

  static async make(): Promise<WatchedTools> {
    const real = await toolsOfServer();
    const dir = await mkdtemp(path.join(tmpdir(), 'mc101-tools-'));
    await chmod(dir, 0o755);
    for (const [tool, program] of [
      ['pg_dump', real.pgDump],
      ['pg_restore', real.pgRestore],
    ] as const) {
      const script = `#!/bin/sh
if [ "$1" = --version ]; then exec ${program} --version; fi
{ printf '%s\\n' "$@"; env; } >> '${dir}/${tool}.log'
# Only what writes to a database: reading a file through is over at once, but for one that is to be read again and again.
case "$*" in *--dbname=*)
  while [ -e '${dir}/${tool}.hold' ]; do
    kill -0 $PPID || exit 1
    touch '${dir}/${tool}.holding'; sleep 0.05
  done
  kill -0 $PPID || exit 1
  echo $$ > '${dir}/${tool}.pid'
  ;;
*)
  while [ -e '${dir}/${tool}.repeat' ]; do
    echo $$ > '${dir}/${tool}.pid'
    ${program} "$@" || exit 1
  done
esac
exec ${program} "$@"
`;
      await writeFile(path.join(dir, tool), script, { mode: 0o755 });
    }
    return new WatchedTools(dir, real);
  }

  /** From now on the tool waits before it does anything, as long as whoever started it is there. */
  async hold(tool: Tool): Promise<void> {
    await rm(path.join(this.dir, `${tool}.holding`), { force: true });
    await writeFile(path.join(this.dir, `${tool}.hold`), '');
  }

  /** Resolves once a run of the tool waits. */
  async held(tool: Tool): Promise<void> {
    while (!(await exists(path.join(this.dir, `${tool}.holding`)))) await delay(POLL_MS);
  }

  async release(tool: Tool): Promise<void> {
    await rm(path.join(this.dir, `${tool}.hold`), { force: true });
  }

  /** From now on reading a file through begins anew when it is done: it lasts for as long as it succeeds. */
  async repeatReading(): Promise<() => Promise<void>> {
    const mark = path.join(this.dir, 'pg_restore.repeat');
    await rm(path.join(this.dir, 'pg_restore.pid'), { force: true });
    await writeFile(mark, '');
    return () => rm(mark, { force: true });
  }

  /** Whether a run has begun whose process `pid` tells. */
  async hasBegun(tool: Tool): Promise<boolean> {
    return exists(path.join(this.dir, `${tool}.pid`));
  }

  /** The process of the last run that reads or writes a database, or that reads a file again and again. */
  async pid(tool: Tool): Promise<number> {
    return Number(await readFile(path.join(this.dir, `${tool}.pid`), 'utf8'));
  }

  /** Arguments and environment of every run. */
  async record(tool: Tool): Promise<string> {
    return readFile(path.join(this.dir, `${tool}.log`), 'utf8');
  }

  async remove(): Promise<void> {
    await rm(this.dir, { recursive: true, force: true });
  }
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

/** The tools for the server of the tests. */
export async function toolsOfServer(): Promise<DumpTools> {
  const major = await majorOfServer();
  const tools = await findDumpTools(major, { searchPath: process.env['PATH'] });
  if (!tools) throw new Error(`No pg_dump ${major} or newer is installed.`);
  return tools;
}

async function majorOfServer(): Promise<number> {
  const { ownerUrl } = JSON.parse(process.env['MC101_TEST_DATABASE'] ?? '{}') as { ownerUrl: string };
  const client = new pg.Client({ connectionString: ownerUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ version: string }>(
      `SELECT current_setting('server_version_num') AS version`,
    );
    return Math.floor(Number(rows[0]?.version) / 10_000);
  } finally {
    await client.end();
  }
}
