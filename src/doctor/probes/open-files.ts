import { stat } from 'node:fs/promises';
import path from 'node:path';

const READ_BY_OTHERS = 0o004;
const PASSED_BY_OTHERS = 0o001;

/** A file whose text any user of the machine can read. */
export interface OpenFile {
  readonly file: string;
  /** Its permissions, as chmod takes them. */
  readonly mode: string;
}

/** Those of the files that every user of this machine can read: a folder on the way that is closed keeps them out. */
export async function findOpenFiles(files: readonly string[]): Promise<OpenFile[]> {
  const found = await Promise.all(files.map(lookAt));
  return found.filter((file) => file !== undefined);
}

async function lookAt(given: string): Promise<OpenFile | undefined> {
  const file = path.resolve(given);
  try {
    const { mode } = await stat(file);
    if ((mode & READ_BY_OTHERS) === 0) return undefined;
    for (let folder = path.dirname(file); ; folder = path.dirname(folder)) {
      if (((await stat(folder)).mode & PASSED_BY_OTHERS) === 0) return undefined;
      if (folder === path.dirname(folder)) break;
    }
    return { file, mode: (mode & 0o777).toString(8).padStart(3, '0') };
  } catch {
    // What is not there, and what this user cannot see, is told by who needs it.
    return undefined;
  }
}
