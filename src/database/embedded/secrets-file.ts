import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { link, open, rename, unlink } from 'node:fs/promises';
import path from 'node:path';
import { clusterMajor } from './cluster-folder.js';
import { giveToFolderOwner } from './data-folder.js';
import { StartupError, systemErrorCode } from './startup-error.js';

const KEY_RINGS = ['JWT_SECRET_KEY', 'TOKEN_PEPPER', 'APP_ENCRYPTION_KEY', 'LOG_SIGNING_KEY'] as const;
const DATABASE_ROLES = ['owner', 'app', 'superuser'] as const;

/** Key rings as `id:base64(32 bytes)`, and the passwords of the embedded database's three roles. */
export type Secrets = Record<(typeof KEY_RINGS)[number], string> & {
  database: Record<(typeof DATABASE_ROLES)[number], string>;
};

/** Where in the data folder the secrets lie. */
export function secretsFile(dataDir: string): string {
  return path.join(dataDir, 'secrets.json');
}

/**
 * The secrets of this data folder: those of `secrets.json`, or new random ones, written there whole and durably
 * before they are used. The file is closed to others (0600) when it was not.
 * @throws StartupError when the file is damaged, or missing although a database was encrypted with it
 */
export async function ensureSecrets(dataDir: string): Promise<Secrets> {
  const file = secretsFile(dataDir);
  const found = await read(file);
  if (found !== undefined) return parse(file, found);

  if ((await clusterMajor(dataDir)) !== undefined) {
    throw new StartupError(
      `${file} is missing, and the notes in the database beside it cannot be read without it: restore it from your copy, or remove ${dataDir} to start afresh.`,
    );
  }
  await create(file, newSecrets());
  const written = await read(file);
  if (written === undefined) throw new StartupError(`${file} vanished while it was written: start again.`);
  return parse(file, written);
}

/** Root may start on a folder of somebody else, who could have put a link to a file of root's here, or a pipe. */
async function read(file: string): Promise<string | undefined> {
  try {
    const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
    const handle = await open(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    try {
      const found = await handle.stat();
      if (!found.isFile()) throw notOrdinary(file);
      const text = await handle.readFile('utf8');
      if (found.mode & 0o077) await handle.chmod(0o600);
      return text;
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (error instanceof StartupError) throw error;
    const code = systemErrorCode(error);
    if (code === 'ENOENT') return undefined;
    if (code === 'ELOOP') throw notOrdinary(file);
    throw new StartupError(
      `${file} cannot be read (${code ?? 'unknown error'}): it must be a file of the user who starts the service.`,
    );
  }
}

function notOrdinary(file: string): StartupError {
  return new StartupError(
    `${file} is a link or no ordinary file, and is not read: put the file itself in its place.`,
  );
}

function parse(file: string, text: string): Secrets {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    throw damaged(file, 'it is not JSON');
  }
  const database = field(content, 'database');
  const missing = [
    ...KEY_RINGS.filter((name) => !isFilled(field(content, name))),
    ...DATABASE_ROLES.filter((role) => !isFilled(field(database, role))).map((role) => `database.${role}`),
  ];
  if (missing.length > 0) throw damaged(file, `it lacks ${missing.join(', ')}`);
  return content as Secrets;
}

function field(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  return Object.getOwnPropertyDescriptor(value, name)?.value as unknown;
}

function isFilled(value: unknown): boolean {
  return typeof value === 'string' && value.length > 0;
}

function damaged(file: string, why: string): StartupError {
  return new StartupError(
    `${file} is damaged (${why}): restore it from your copy; the notes cannot be read without it.`,
  );
}

function newSecrets(): Secrets {
  const ring = () => `k1:${randomBytes(32).toString('base64')}`;
  const password = () => randomBytes(32).toString('base64url');
  return {
    JWT_SECRET_KEY: ring(),
    TOKEN_PEPPER: ring(),
    APP_ENCRYPTION_KEY: ring(),
    LOG_SIGNING_KEY: ring(),
    database: { owner: password(), app: password(), superuser: password() },
  };
}

/**
 * Puts other key rings into the secrets of a data folder, durably. Whatever its database holds under the former ones is
 * lost: only for one that holds nothing.
 */
export async function replaceKeyRings(
  dataDir: string,
  rings: Partial<Record<(typeof KEY_RINGS)[number], string>>,
): Promise<void> {
  const file = secretsFile(dataDir);
  const temporary = await writeTemporary(file, { ...(await ensureSecrets(dataDir)), ...rings });
  await rename(temporary, file);
  await syncFolder(dataDir);
}

/** Appears under its name only when it is whole and on the disk; a file that is there already stays. */
async function create(file: string, secrets: Secrets): Promise<void> {
  const temporary = await writeTemporary(file, secrets);
  try {
    await link(temporary, file);
  } catch (error) {
    if (systemErrorCode(error) !== 'EEXIST') throw error;
  } finally {
    await unlink(temporary);
  }
  await syncFolder(path.dirname(file));
}

/** Beside the file: whole, on the disk, and of the folder's owner. */
async function writeTemporary(file: string, secrets: Secrets): Promise<string> {
  const temporary = `${file}.tmp-${randomBytes(6).toString('hex')}`;
  const handle = await open(temporary, 'wx', 0o600);
  try {
    await handle.writeFile(`${JSON.stringify(secrets, null, 2)}\n`);
    await giveToFolderOwner(handle, path.dirname(file));
    await handle.sync();
  } finally {
    await handle.close();
  }
  return temporary;
}

/** Makes new and renamed entries of a folder durable. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
