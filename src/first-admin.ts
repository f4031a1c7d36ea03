import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { AdminAccount } from './auth/admin-accounts.service.js';

/**
 * What the banner says about the first admin. A drawn password is shown on a terminal, once; where nobody is looking
 * it goes to a file that only this user reads, so that it stands in no log.
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
  await writeFile(file, `${admin.generatedPassword}\n`, { mode: 0o600 });
  return [who, `Password    in ${file} (delete the file once you have read it)`];
}
