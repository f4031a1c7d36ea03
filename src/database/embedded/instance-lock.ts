import { setTimeout as delay } from 'node:timers/promises';
import { findPresences, publishPresence, type Presence } from './presence-socket.js';
import { StartupError } from './startup-error.js';

/** A service holds the lock while it runs; a command only while it starts or stops the server. */
export type LockRole = 'service' | 'command';

export interface LockHolder {
  pid: number;
  role: LockRole;
}

export interface InstanceLock {
  release(): Promise<void>;
}

const KIND = 'i';
const LOOK_AGAIN_AFTER_MILLISECONDS = 20;

/**
 * Takes the data folder for this process, or tells who has it.
 *
 * Each contender first publishes a presence as `waiting` and only then looks for others, so that of two at least
 * one sees the other. Whoever meets a holder withdraws; of two who wait the later name withdraws and the
 * earlier looks again until it is alone. Nothing is ever taken over, so that a `kill -9` needs no clean-up.
 */
export async function takeInstanceLock(
  runDir: string,
  role: LockRole,
): Promise<{ lock: InstanceLock } | { holder: LockHolder }> {
  let state: 'waiting' | 'holding' = 'waiting';
  const own = await publishPresence(runDir, KIND, () => `${role} ${state}`);
  for (;;) {
    const others = (await findPresences(runDir, KIND)).filter(({ name }) => name !== own.name);
    const ahead = others.find(isHolding) ?? others.find(({ name }) => name < own.name);
    if (ahead) {
      await own.withdraw();
      return { holder: toHolder(ahead) };
    }
    if (others.length === 0) {
      state = 'holding';
      return { lock: { release: () => own.withdraw() } };
    }
    await delay(LOOK_AGAIN_AFTER_MILLISECONDS);
  }
}

/** The sentence for a second start. */
export function alreadyRunning(dataDir: string, { pid }: LockHolder): StartupError {
  return new StartupError(
    `The service already runs on the data folder ${dataDir} (pid ${pid}): stop it first, or give this one another DATA_DIR and PORT.`,
  );
}

// A process that accepts and does not answer is alive: it counts as holding.
function isHolding({ answer }: Presence): boolean {
  return !answer?.endsWith(' waiting');
}

function toHolder({ pid, answer }: Presence): LockHolder {
  return { pid, role: answer?.startsWith('command') ? 'command' : 'service' };
}
