import { open, readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { syncFolder } from '../../database/embedded/secrets-file.js';

const FILE = 'deletions.jsonl';
const LINE_BREAK = 0x0a;

const DELETION = z.object({
  /** Which installation the id belongs to; see SERVICE_IDENTITY. */
  service: z.string().nullable(),
  user_id: z.number().int().positive(),
  deleted_at: z.iso.datetime(),
});

/** An account that was deleted, as the file beside the backups remembers it. */
export type Deletion = z.infer<typeof DELETION>;

/** Adds lines to the file (mode 0600) and flushes it, and the folder where the file is new. Lines of several processes do not mix. */
export async function appendDeletions(dir: string, deletions: readonly Deletion[]): Promise<void> {
  if (deletions.length === 0) return;
  const handle = await open(path.join(dir, FILE), 'a+', 0o600);
  let size: number;
  try {
    ({ size } = await handle.stat());
    const last = Buffer.alloc(1, LINE_BREAK);
    if (size > 0) await handle.read(last, 0, 1, size - 1);
    // What a process that was killed left of its line must not swallow this one.
    const separator = last[0] === LINE_BREAK ? '' : '\n';
    const lines = deletions.map((deletion) => `${JSON.stringify(deletion)}\n`);
    await handle.writeFile(`${separator}${lines.join('')}`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  if (size === 0) await syncFolder(dir);
}

/** What the file remembers. A missing file is an empty one, and a line that was never finished is none. */
export async function readDeletions(dir: string): Promise<Deletion[]> {
  const text = await readFile(path.join(dir, FILE), 'utf8').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  });
  return text.split('\n').flatMap((line) => parse(line) ?? []);
}

function parse(line: string): Deletion | undefined {
  try {
    return DELETION.parse(JSON.parse(line));
  } catch {
    return undefined;
  }
}
