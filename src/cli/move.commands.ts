import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { BackupFailedError } from '../backup/backup-failed-error.js';
import { moveDatabase } from '../backup/move/move-database.js';
import { checkTargetUrl, withPassword } from '../backup/move/target-url.js';
import { externalDatabase, type DatabaseUrls } from '../config/app-config.js';
import type { Env } from '../config/env.schema.js';
import { parseKeyRing } from '../crypto/parse-key-ring.js';
import { takeInstanceLock } from '../database/embedded/instance-lock.js';
import { runFolder } from '../database/embedded/run-folder.js';
import { openSurroundings, type Surroundings } from '../surroundings.js';
import { Interruption } from './interruption.js';
import { processTerminal } from './passphrase.js';
import { readHidden } from './read-hidden.js';
import { answer, report } from './with-service.js';

interface MoveOptions {
  to: string;
  ownerTo?: string;
  passwordFile?: string;
  ownerPasswordFile?: string;
  serviceIsStopped?: true;
}

export function addMoveCommands(program: Command, readEnv: () => Env, searchPath: string | undefined): void {
  program
    .command('db:move')
    .description(
      'copy everything into another, empty PostgreSQL and compare it, while the service is stopped; the source stays as it is',
    )
    .requiredOption('--to <url>', "the app's role there, without a password")
    .option('--owner-to <url>', 'the role that owns the database there, without a password; default: as --to')
    .option('--password-file <file>', "holds the app's password; else it is asked for")
    .option('--owner-password-file <file>', "holds the owner's password; else it is asked for")
    .option('--service-is-stopped', 'connections that look like the service are only those of a pooler')
    .action(async (options: MoveOptions) => {
      const env = readEnv();
      const to = await completeTarget(options);
      const stopped = new AbortController();
      const interruption = new Interruption((signal) => {
        report(`${signal}: stopping …`);
        stopped.abort(new BackupFailedError('The move was interrupted; nothing was changed.'));
      });
      try {
        const surroundings = await openSurroundings(env, 'command', searchPath, report);
        try {
          await withoutService(env, surroundings, () => move(surroundings, to, options, stopped.signal));
          tellWhatIsNext(env, surroundings, options);
        } finally {
          await surroundings.stop();
        }
      } finally {
        interruption.end();
      }
    });
}

async function move(
  { config }: Surroundings,
  to: DatabaseUrls,
  { serviceIsStopped }: MoveOptions,
  signal: AbortSignal,
): Promise<void> {
  const { file, manifest } = await moveDatabase({
    from: config.database.direct,
    to,
    dir: config.backup.dir,
    programs: config.programs,
    ring: parseKeyRing('APP_ENCRYPTION_KEY', config.secrets.APP_ENCRYPTION_KEY),
    isServiceStopped: serviceIsStopped === true,
    signal,
    onStep: report,
  });
  const rows = Object.values(manifest.rows);
  const total = rows.reduce((sum, count) => sum + count, 0);
  answer(`Moved and compared: ${rows.length} tables with ${total} rows. A backup of the source is ${file}.`);
}

/** The embedded database belongs to the service that runs on it, and one that starts meanwhile waits. */
async function withoutService<T>(env: Env, { dataDir }: Surroundings, work: () => Promise<T>): Promise<T> {
  if (externalDatabase(env)) return work();
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

async function completeTarget({
  to,
  ownerTo,
  passwordFile,
  ownerPasswordFile,
}: MoveOptions): Promise<DatabaseUrls> {
  checkTargetUrl(to, '--to');
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
    return text.replace(/[\r\n]+$/, '');
  }
  const terminal = processTerminal();
  return terminal.input.isTTY ? readHidden(`Password for ${option} (empty: none): `, terminal) : '';
}

function tellWhatIsNext(env: Env, { dataDir }: Surroundings, { to, ownerTo }: MoveOptions): void {
  answer('Set in the environment of every process, with the passwords, and start the service:');
  answer(`  DATABASE_URL=${to}`);
  if (ownerTo !== undefined) answer(`  DATABASE_OWNER_URL=${ownerTo}`);
  if (env.APP_ENCRYPTION_KEY && env.TOKEN_PEPPER && env.JWT_SECRET_KEY)
    answer('Its secrets stay what they are.');
  else
    answer(
      `Its secrets must stay what they are: they are in ${dataDir}/secrets.json, which is read as long as DATA_DIR is that folder. In production and elsewhere set them as variables: "npm run cli -- keys:export FILE" seals them, "npm run cli -- keys:recover FILE --out ENV_FILE" writes the variables.`,
    );
  answer('The source was left as it was: start no service on it any more.');
}
