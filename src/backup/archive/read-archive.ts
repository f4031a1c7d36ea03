import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import type { DumpTools } from '../../database/embedded/find-dump-tools.js';
import { runProgram } from './run-program.js';

/**
 * Reads an archive from its first byte to its last, decompressing all of it. Its table of contents alone would say
 * nothing: it stands at the front, and a file that was cut off still has it.
 * @throws BackupFailedError
 */
export async function readArchive(tools: DumpTools, file: string, signal: AbortSignal): Promise<void> {
  await runProgram(tools.pgRestore, ['--file=/dev/null', file], { signal });
}

/** The SHA-256 of a file's bytes in hexadecimal, and how many there are; a piece at a time. */
export async function hashFile(
  file: string,
  signal: AbortSignal,
): Promise<{ sha256: string; bytes: number }> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of createReadStream(file, {
    signal,
    highWaterMark: 1 << 20,
  }) as AsyncIterable<Buffer>) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { sha256: hash.digest('hex'), bytes };
}
