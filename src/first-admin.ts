import { mkdir, open, rm } from 'node:fs/promises';
import path from 'node:path';
import type { AdminAccount } from './auth/admin-accounts.service.js';
import { giveToFolderOwner } from './database/embedded/data-folder.js';
import { StartupError, systemErrorCode } from './database/embedded/startup-error.js';

/**
 * What the banner says about the first admin. A drawn password is shown on a terminal, once; where nobody is looking
 * it goes to a file that only this user reads, so that it stands in no log.
 * @throws StartupError when that file cannot be written; the admin exists nevertheless.
 */
export async function announceFirstAdmin(
  admin: AdminAccount | undefined,
  dataDir: string,
  isTerminal: boolean,
): Promise<string[]> {
  if (!admin) return [];
  const who = `Admin       ${admin.email}`;
  if (admin.generatedPassword === undefined) return [who, 'Password    the one from ADMIN_PASSWORD'];
  if (isTerminal)
    return [who, `Password    ${admin.generatedPassword}   (shown once: keep it, or change it)`];
  const file = path.join(dataDir, 'first-admin');
  try {
    await keep(file, admin.generatedPassword);
  } catch (error) {
    throw new StartupError(
      `The first admin (${admin.email}) was made, but its password could not be written to ${file} (${systemErrorCode(error) ?? 'unknown error'}): make DATA_DIR writable, then get a new one with "npm run cli -- admin:reset --email ${admin.email}".`,
    );
  }
  return [who, `Password    in ${file} (delete the file once you have read it)`];
}

/** A file that is there already belongs to an earlier database, and would keep its own mode. */
async function keep(file: string, password: string): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  await rm(file, { force: true });
  const handle = await open(file, 'wx', 0o600);
  try {
    await handle.writeFile(`${password}\n`);
    await giveToFolderOwner(handle, path.dirname(file));
  } finally {
    await handle.close();
  }
}
