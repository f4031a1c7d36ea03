import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseEnv as parseDotEnv } from 'node:util';
import { ENV, ENV_NAMES } from './env.schema.js';

/** Beside package.json, as is the default DATA_DIR. */
const PACKAGE_FOLDER = path.resolve(import.meta.dirname, '..', '..');

/**
 * Adds what `.env` says to the environment, which wins where it says something else: the file of the current folder or,
 * where that has none, the one beside package.json.
 * @returns the file that was read
 */
export function loadEnvFile(): string | undefined {
  const file = [process.cwd(), PACKAGE_FOLDER].map((folder) => path.join(folder, '.env')).find(existsSync);
  if (file !== undefined) process.loadEnvFile(file);
  return file;
}

/** Whether a secret stands in the file itself, and not in the file that an `X_FILE` names. */
export function holdsSecret(envFile: string): boolean {
  const given = parseDotEnv(readFileSync(envFile, 'utf8'));
  return ENV_NAMES.some((name) => 'secret' in ENV[name] && Boolean(given[name]));
}
