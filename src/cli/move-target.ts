import { readFile } from 'node:fs/promises';
import { BackupFailedError } from '../backup/backup-failed-error.js';
import { checkTargetUrl, withPassword } from '../backup/move/target-url.js';
import type { DatabaseUrls, Secrets } from '../config/app-config.js';
import type { Env } from '../config/env.schema.js';
import { takeInstanceLock } from '../database/embedded/instance-lock.js';
import { openEmbeddedDatabaseForCommand } from '../database/embedded/open-for-cli.js';
import { runFolder } from '../database/embedded/run-folder.js';
import { replaceKeyRings } from '../database/embedded/secrets-file.js';
import type { Surroundings } from '../surroundings.js';
import { processTerminal } from './passphrase.js';
import { readHidden } from './read-hidden.js';
import { report } from './with-service.js';

export interface TargetOptions {
  to?: string;
  ownerTo?: string;
  passwordFile?: string;
  ownerPasswordFile?: string;
  toEmbedded?: string;
  pgBinDir?: string;
}

/** Where everything goes. */
export interface MoveTarget {
  readonly urls: DatabaseUrls;
  /** What the operator is to do afterwards. */
  readonly instructions: string[];
  readonly onTargetEmpty?: () => Promise<void>;
}

/** What of the environment and of the source a target needs to know. */
interface MoveContext {
  readonly env: Env;
  readonly source: Surroundings;
  readonly searchPath: string | undefined;
}

type UseTarget = (context: MoveContext, work: (target: MoveTarget) => Promise<void>) => Promise<void>;

/**
 * Understands where to move to, and asks for what is missing.
 * @throws BackupFailedError
 */
export async function chooseTarget(options: TargetOptions): Promise<UseTarget> {
  const { to, toEmbedded } = options;
  if ((to === undefined) === (toEmbedded === undefined))
    throw new BackupFailedError('Give either --to URL or --to-embedded FOLDER.');
  if (toEmbedded !== undefined)
    return (context, work) => useEmbedded(toEmbedded, options.pgBinDir, context, work);
  const url = checkTargetUrl(to ?? '', '--to');
  const urls = await completeUrls(url, options);
  return (context, work) => work({ urls, instructions: explainExternal(url, options.ownerTo, context) });
}

/**
 * Does something while no service can use a data folder; one that is started meanwhile waits.
 * @throws BackupFailedError when a service or another command has it
 */
export async function holdDataFolder<T>(dataDir: string, work: () => Promise<T>): Promise<T> {
  const result = await takeInstanceLock(runFolder(dataDir), 'command');
  if ('holder' in result) {
    const { pid, role } = result.holder;
    throw new BackupFailedError(
      `The ${role} with the pid ${pid} uses the data folder ${dataDir}, and what it writes after the move would be lost: stop it first.`,
    );
  }
  try {
    return await work();
  } finally {
    await result.lock.release();
  }
}

/** A new data folder gets the keys that were not set in the environment: they were in the source's. */
async function useEmbedded(
  folder: string,
  pgBinDir: string | undefined,
  { env, source, searchPath }: MoveContext,
  work: (target: MoveTarget) => Promise<void>,
): Promise<void> {
  const embedded = await openEmbeddedDatabaseForCommand({
    dataDir: folder,
    dataDirIsDefault: false,
    pgBinDir,
    searchPath,
    onProgress: report,
  });
  const { dataDir, appUrl, ownerUrl } = embedded;
  try {
    await holdDataFolder(dataDir, () =>
      work({
        urls: { app: appUrl, owner: ownerUrl, direct: ownerUrl },
        instructions: [
          `Start the service with DATA_DIR=${dataDir}: the secrets that came from the former data folder are in its secrets.json.`,
        ],
        onTargetEmpty: () => replaceKeyRings(dataDir, ringsOutside(env, source.config.secrets)),
      }),
    );
  } finally {
    await embedded.stop();
  }
}

function ringsOutside(env: Env, secrets: Secrets): Partial<Secrets> {
  const kept = (Object.keys(secrets) as (keyof Secrets)[]).filter((name) => env[name] === undefined);
  return Object.fromEntries(kept.map((name) => [name, secrets[name]]));
}

function explainExternal(to: string, ownerTo: string | undefined, { env, source }: MoveContext): string[] {
  const hasSecrets = env.APP_ENCRYPTION_KEY && env.TOKEN_PEPPER && env.JWT_SECRET_KEY && env.LOG_SIGNING_KEY;
  return [
    'Set in the environment of every process, with the passwords, and start the service:',
    `  DATABASE_URL=${to}`,
    ...(ownerTo === undefined ? [] : [`  DATABASE_OWNER_URL=${ownerTo}`]),
    hasSecrets
      ? 'Its secrets stay what they are.'
      : `Its secrets must stay what they are: they are in ${source.dataDir}/secrets.json, which is read as long as DATA_DIR is that folder. In production and elsewhere set them as variables: "npm run cli -- keys:export FILE" seals them, "npm run cli -- keys:recover FILE --out KEYS" writes the variables.`,
  ];
}

async function completeUrls(
  to: string,
  { ownerTo, passwordFile, ownerPasswordFile }: TargetOptions,
): Promise<DatabaseUrls> {
  if (ownerTo !== undefined) checkTargetUrl(ownerTo, '--owner-to');
  const app = withPassword(to, await readPassword('--to', passwordFile));
  if (ownerTo === undefined) return { app, owner: app, direct: app };
  const owner = withPassword(ownerTo, await readPassword('--owner-to', ownerPasswordFile));
  return { app, owner, direct: owner };
}

/** Without a file and without a terminal there is none: the server may ask for none. */
async function readPassword(option: string, file: string | undefined): Promise<string> {
  if (file !== undefined) {
    const text = await readFile(file, 'utf8').catch((error: unknown) => {
      const { code = 'unknown error' } = error as NodeJS.ErrnoException;
      throw new BackupFailedError(`The password file ${file} cannot be read (${code}).`);
    });
    return text.replace(/(?<![\r\n])[\r\n]+$/, '');
  }
  const terminal = processTerminal();
  return terminal.input.isTTY ? readHidden(`Password for ${option} (empty: none): `, terminal) : '';
}
