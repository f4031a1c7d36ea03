import { access, chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { findDumpTools } from '../../src/database/embedded/find-dump-tools.js';

const POLL_MS = 20;

export type Tool = 'pg_dump' | 'pg_restore';

/** The real pg_dump and pg_restore, in a folder for PG_BIN_DIR, with everything that they are started with on record. */
export class WatchedTools {
  private constructor(readonly dir: string) {}

  static async make(serverMajor: number): Promise<WatchedTools> {
    const real = await findDumpTools(serverMajor, { searchPath: process.env['PATH'] });
    if (!real) throw new Error(`No pg_dump ${serverMajor} or newer is installed.`);
    const dir = await mkdtemp(path.join(tmpdir(), 'mc101-tools-'));
    await chmod(dir, 0o755);
    for (const [tool, program] of [
      ['pg_dump', real.pgDump],
      ['pg_restore', real.pgRestore],
    ] as const) {
      const script = `#!/bin/sh
if [ "$1" = --version ]; then exec ${program} --version; fi
{ printf '%s\\n' "$@"; env; } >> '${dir}/${tool}.log'
# Only what writes to a database: reading a file through is over at once.
case "$*" in *--dbname=*)
  while [ -e '${dir}/${tool}.hold' ]; do
    kill -0 $PPID || exit 1
    touch '${dir}/${tool}.holding'; sleep 0.05
  done
  kill -0 $PPID || exit 1
esac
exec ${program} "$@"
`;
      await writeFile(path.join(dir, tool), script, { mode: 0o755 });
    }
    return new WatchedTools(dir);
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
