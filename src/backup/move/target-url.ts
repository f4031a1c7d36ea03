import { parsePostgresUrl } from '../../config/postgres-url.js';
import { BackupFailedError } from '../backup-failed-error.js';

/**
 * Checks a URL that was typed on a command line: it names a role and a database and holds no password, which would stand
 * in the list of processes and in the shell's history.
 * @param option for messages
 * @throws BackupFailedError
 */
export function checkTargetUrl(url: string, option: string): string {
  let parsed: URL;
  try {
    parsed = parsePostgresUrl(url);
  } catch {
    throw new BackupFailedError(`${option} is no URL: give postgresql://role@host:5432/database.`);
  }
  const { protocol, username, password, pathname, searchParams } = parsed;
  if (!['postgres:', 'postgresql:'].includes(protocol) || username === '' || pathname.length < 2)
    throw new BackupFailedError(
      `${option} must name the role and the database: postgresql://role@host:5432/database.`,
    );
  if (password !== '' || searchParams.has('password'))
    throw new BackupFailedError(
      `${option} must hold no password, which everybody could read in the list of processes: leave it out and it is asked for, or put it into a file.`,
    );
  return url;
}

/** The URL with this password; without one as it is. */
export function withPassword(url: string, password: string): string {
  if (password === '') return url;
  return url.replace(
    /^([^:]+:\/\/[^/@?:]*)@/,
    (_, head: string) => `${head}:${encodeURIComponent(password)}@`,
  );
}
