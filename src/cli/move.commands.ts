import path from 'node:path';
import type { Command } from 'commander';
import { moveDatabase } from '../backup/move/move-database.js';
import { externalDatabase } from '../config/app-config.js';
import type { Env } from '../config/env.schema.js';
import { parseKeyRing } from '../crypto/parse-key-ring.js';
import type { Surroundings } from '../surroundings.js';
import { chooseTarget, holdDataFolder, type MoveTarget, type TargetOptions } from './move-target.js';
import { withSteps } from './steps.js';
import { answer } from './with-service.js';
import type { RunWithSurroundings } from './with-surroundings.js';

interface MoveOptions extends TargetOptions {
  serviceIsStopped?: true;
}

interface MoveSurroundings {
  runOnSurroundings: RunWithSurroundings;
  readEnv: () => Env;
  searchPath: string | undefined;
  /** That relative paths begin at. */
  folder: string;
}

export function addMoveCommands(
  program: Command,
  { runOnSurroundings, readEnv, searchPath, folder }: MoveSurroundings,
): void {
  const inFolder = (file: string) => path.resolve(folder, file);
  program
    .command('db:move')
    .description(
      'copy everything into another, empty PostgreSQL and compare it, while the service is stopped; the source stays as it is',
    )
    .option('--to <url>', "the app's role there, without a password")
    .option('--owner-to <url>', 'the role that owns the database there, without a password; default: as --to')
    .option('--password-file <file>', "holds the app's password; else it is asked for", inFolder)
    .option('--owner-password-file <file>', "holds the owner's password; else it is asked for", inFolder)
    .option(
      '--to-embedded <folder>',
      'instead of --to: a new data folder, with a database of its own',
      inFolder,
    )
    .option('--pg-bin-dir <folder>', 'the PostgreSQL programs for --to-embedded', inFolder)
    .option('--service-is-stopped', 'connections that look like the service are only those of a pooler')
    .action(async (options: MoveOptions) => {
      const env = readEnv();
      const useTarget = await chooseTarget(options);
      await runOnSurroundings((source, signal) =>
        withoutService(env, source, () =>
          useTarget({ env, source, searchPath }, (target) => move(source, target, options, signal)),
        ),
      );
    });
}

function withoutService(env: Env, { dataDir }: Surroundings, work: () => Promise<void>): Promise<void> {
  return externalDatabase(env) ? work() : holdDataFolder(dataDir, work);
}

async function move(
  { config }: Surroundings,
  { urls, instructions, onTargetEmpty }: MoveTarget,
  { serviceIsStopped }: MoveOptions,
  signal: AbortSignal,
): Promise<void> {
  const { file, manifest } = await withSteps(({ onStep }) =>
    moveDatabase({
      from: config.database.direct,
      to: urls,
      dir: config.backup.dir,
      programs: config.programs,
      ring: parseKeyRing('APP_ENCRYPTION_KEY', config.secrets.APP_ENCRYPTION_KEY),
      isServiceStopped: serviceIsStopped === true,
      onTargetEmpty,
      signal,
      onStep,
    }),
  );
  const rows = Object.values(manifest.rows);
  const total = rows.reduce((sum, count) => sum + count, 0);
  answer(`Moved and compared: ${rows.length} tables with ${total} rows. A backup of the source is ${file}.`);
  instructions.forEach(answer);
  answer('The source was left as it was: start no service on it any more.');
}
