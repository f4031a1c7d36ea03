import { BackupFailedError } from './backup-failed-error.js';

/** What the operating system says of files alone; a database that is away says other things. */
const FILE_CODES = new Set(
  'EACCES EBUSY EDQUOT EFBIG EIO EISDIR ELOOP EMFILE ENAMETOOLONG ENFILE ENOENT ENOSPC ENOTDIR EPERM EROFS ESTALE'.split(
    ' ',
  ),
);

/** A connection to a Unix socket, or a program that is not there, fails with such a code too. */
const OF_NO_FILE = /^(connect|getaddrinfo|listen|bind|spawn)/;

/**
 * Does something with files of the backups. What the system refuses there reaches the operator as a sentence.
 * @throws BackupFailedError
 */
export async function explainingFileFailures<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const { code = '', syscall = '', path: place = 'A file of the backups' } = error as NodeJS.ErrnoException;
    if (!FILE_CODES.has(code) || syscall === '' || OF_NO_FILE.test(syscall)) throw error;
    throw new BackupFailedError(
      `${place} cannot be used (${code}, ${syscall}): correct the file, its folder or its rights, or set BACKUP_DIR.`,
      { cause: error },
    );
  }
}
