import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import type { DumpTools } from '../../database/embedded/find-dump-tools.js';
import { runProgram } from './run-program.js';

const BUFFER_BYTES = 1 << 20;

/**
 * Reads an archive from its first byte to its last, decompressing all of it. Its table of contents alone would say
 * nothing: it stands at the front, and a file that was cut off still has it. What comes out is taken here and thrown
 * away, and not by /dev/null: pg_restore has no connection here by which the next run could find and end it, and would
 * go on reading after this process was killed.
 * @throws BackupFailedError
 */
export async function readArchive(tools: DumpTools, file: string, signal: AbortSignal): Promise<void> {
  await runProgram(tools.pgRestore, ['--file=-', file], { takesOutput: true, signal });
}

/** The SHA-256 of a file's bytes in hexadecimal, and how many there are; through one buffer, whatever the size. */
export async function hashFile(
  file: string,
  signal: AbortSignal,
): Promise<{ sha256: string; bytes: number }> {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(BUFFER_BYTES);
  const handle = await open(file, 'r');
  try {
    for (let bytes = 0; ;) {
      signal.throwIfAborted();
      const { bytesRead } = await handle.read(buffer, 0, BUFFER_BYTES);
      if (bytesRead === 0) return { sha256: hash.digest('hex'), bytes };
      hash.update(buffer.subarray(0, bytesRead));
      bytes += bytesRead;
    }
  } finally {
    await handle.close();
  }
}
