import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { SOCKET_PORT, SUPERUSER } from './server-settings.js';
import { StartupError, systemErrorCode } from './startup-error.js';

const LOOK_EVERY_MILLISECONDS = 25;
const TELL_EVERY_MILLISECONDS = 2_000;
/** Recovery after a crash replays at most a few gigabytes of WAL; longer than this is a fault. */
const READY_WITHIN_MILLISECONDS = 15 * 60_000;

const CANNOT_CONNECT_NOW = '57P03';
const WRONG_PASSWORD = '28P01';

/**
 * Resolves to true once the server in `runDir` accepts connections, to false when `hasEnded` says that it is
 * gone. Crash recovery is waited for, with a word about it every few seconds.
 * @throws StartupError when the secrets are not those of this cluster, or nothing happens for too long
 */
export async function waitUntilReady(
  runDir: string,
  superuserPassword: string,
  hasEnded: () => boolean,
  onProgress: (message: string) => void,
): Promise<boolean> {
  const started = performance.now();
  let tellAt = started + TELL_EVERY_MILLISECONDS;
  while (!hasEnded()) {
    const state = await tryConnecting(runDir, superuserPassword);
    if (state === 'ready') return true;
    const now = performance.now();
    if (now - started > READY_WITHIN_MILLISECONDS) {
      throw new StartupError(
        'The database did not accept connections within 15 minutes: see postgres.log in the data folder.',
      );
    }
    if (now > tellAt) {
      tellAt = now + TELL_EVERY_MILLISECONDS;
      const seconds = Math.round((now - started) / 1000);
      onProgress(
        state === 'recovering'
          ? `The database recovers from an unclean stop… ${seconds} s`
          : `Waiting for the database… ${seconds} s`,
      );
    }
    await delay(LOOK_EVERY_MILLISECONDS);
  }
  return false;
}

async function tryConnecting(
  runDir: string,
  password: string,
): Promise<'ready' | 'recovering' | 'not listening'> {
  const client = new Client({
    host: runDir,
    port: SOCKET_PORT,
    user: SUPERUSER,
    password,
    database: 'postgres',
    connectionTimeoutMillis: 10_000,
  });
  // A server that ends in between must not become an unhandled event.
  client.on('error', () => undefined);
  try {
    await client.connect();
    return 'ready';
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === WRONG_PASSWORD) {
      throw new StartupError(
        'The database refuses the password in secrets.json: the file belongs to another data folder; restore the one that belongs to this one.',
      );
    }
    return code === CANNOT_CONNECT_NOW ? 'recovering' : 'not listening';
  } finally {
    await client.end().catch(() => undefined);
  }
}
