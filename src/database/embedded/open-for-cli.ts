import { setTimeout as delay } from 'node:timers/promises';
import {
  bringUpServer,
  equip,
  preparePlace,
  toEmbeddedDatabase,
  type EmbeddedDatabase,
  type EmbeddedDatabaseOptions,
  type Place,
} from './bring-up.js';
import {
  announceCommand,
  forgetStartByCommand,
  isUsedByCommand,
  rememberStartByCommand,
  wasStartedByCommand,
} from './command-presence.js';
import { takeInstanceLock, type LockHolder } from './instance-lock.js';
import { findPostmaster } from './postmaster.js';
import { adoptServer } from './start-server.js';
import { StartupError } from './startup-error.js';
import { stopServer } from './stop-server.js';

const OTHERS_END_WITHIN_MILLISECONDS = 120_000;
const LOOK_EVERY_MILLISECONDS = 100;

/**
 * The database for an operator's command. A server that runs is used and left running by `stop()`; otherwise one
 * is started, and stopped by the last command that uses it, unless the service has taken it over meanwhile.
 * @throws StartupError with the sentence to print
 */
export async function openEmbeddedDatabaseForCommand(
  options: EmbeddedDatabaseOptions,
): Promise<EmbeddedDatabase> {
  const place = await preparePlace(options);
  const presence = await announceCommand(place.runDir);
  const stop = async () => {
    await presence.withdraw();
    await stopUnlessUsed(place);
  };
  try {
    const deadline = performance.now() + OTHERS_END_WITHIN_MILLISECONDS;
    for (;;) {
      const adopted = await useRunningServer(options, place);
      if (adopted) return toEmbeddedDatabase(place, adopted, stop);
      const result = await takeInstanceLock(place.runDir, 'command');
      if ('lock' in result) {
        try {
          const equipment = await equip(options, place);
          const { server } = await bringUpServer(options, place, equipment);
          if (!server.adopted) await rememberStartByCommand(place.runDir);
          return toEmbeddedDatabase(place, equipment, stop);
        } finally {
          await result.lock.release();
        }
      }
      if (performance.now() > deadline) throw stuck(place, result.holder);
      await delay(LOOK_EVERY_MILLISECONDS);
    }
  } catch (error) {
    await presence.withdraw();
    throw error;
  }
}

async function useRunningServer(options: EmbeddedDatabaseOptions, place: Place) {
  const pid = await findPostmaster(place.clusterDir);
  if (pid === undefined) return undefined;
  const equipment = await equip(options, place);
  const { onProgress } = options;
  const superuserPassword = equipment.secrets.database.superuser;
  const server = await adoptServer({ runDir: place.runDir, superuserPassword, onProgress }, pid);
  return server && equipment;
}

async function stopUnlessUsed({ runDir, clusterDir }: Place): Promise<void> {
  if (!(await wasStartedByCommand(runDir)) || (await isUsedByCommand(runDir))) return;
  const result = await takeInstanceLock(runDir, 'command');
  // Whoever has the lock now has taken the server over, or stops it.
  if (!('lock' in result)) return;
  try {
    // Looked at again under the lock: the service may have come and gone, another command may have begun.
    if (!(await wasStartedByCommand(runDir)) || (await isUsedByCommand(runDir))) return;
    await stopServer(clusterDir);
    await forgetStartByCommand(runDir);
  } finally {
    await result.lock.release();
  }
}

function stuck({ dataDir }: Place, { pid }: LockHolder): StartupError {
  return new StartupError(
    `The process ${pid} has held the data folder ${dataDir} for two minutes without a running database: end it and try again.`,
  );
}
