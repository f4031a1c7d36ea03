import { setTimeout as delay } from 'node:timers/promises';
import {
  bringUpServer,
  equip,
  preparePlace,
  toEmbeddedDatabase,
  type EmbeddedDatabase,
  type EmbeddedDatabaseOptions,
} from './bring-up.js';
import { forgetStartByCommand } from './command-presence.js';
import { alreadyRunning, takeInstanceLock, type InstanceLock } from './instance-lock.js';
import { StartupError } from './startup-error.js';
import { stopServer } from './stop-server.js';
import { watchServer } from './watch-server.js';

const COMMAND_ENDS_WITHIN_MILLISECONDS = 60_000;
const LOOK_EVERY_MILLISECONDS = 100;

export interface StartEmbeddedDatabaseOptions extends EmbeddedDatabaseOptions {
  /** Start the server again when its process dies. Default true. */
  supervise?: boolean;
}

/**
 * The service's database: data folder, secrets, cluster, server, roles. Holds the data folder for this process
 * until `stop()`, which also stops the server.
 * @throws StartupError with the sentence to print
 */
export async function startEmbeddedDatabase(
  options: StartEmbeddedDatabaseOptions,
): Promise<EmbeddedDatabase> {
  const place = await preparePlace(options);
  const lock = await lockForService(place, options.onProgress);
  try {
    const equipment = await equip(options, place);
    const { server, restart } = await bringUpServer(options, place, equipment);
    await forgetStartByCommand(place.runDir);
    const watch = options.supervise === false ? undefined : watchServer(server, restart, options.onProgress);
    return toEmbeddedDatabase(place, equipment, async () => {
      const watchEnded = watch?.end();
      try {
        // Ends a restart that is under way too, which may be a long recovery.
        await stopServer(place.clusterDir);
        await watchEnded;
        await stopServer(place.clusterDir);
      } finally {
        await lock.release();
      }
    });
  } catch (error) {
    await lock.release();
    throw error;
  }
}

async function lockForService(
  { runDir, dataDir }: { runDir: string; dataDir: string },
  onProgress: (message: string) => void,
): Promise<InstanceLock> {
  const deadline = performance.now() + COMMAND_ENDS_WITHIN_MILLISECONDS;
  for (let attempt = 1; ; attempt++) {
    const result = await takeInstanceLock(runDir, 'service');
    if ('lock' in result) return result.lock;
    const { holder } = result;
    if (holder.role === 'service') throw alreadyRunning(dataDir, holder);
    if (performance.now() > deadline) {
      throw new StartupError(
        `A command (pid ${holder.pid}) has been using the data folder ${dataDir} for a minute: wait for it to end, or end it.`,
      );
    }
    if (attempt === 1) onProgress(`Waiting for a command that uses the database (pid ${holder.pid})…`);
    await delay(LOOK_EVERY_MILLISECONDS);
  }
}
