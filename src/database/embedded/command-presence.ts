import { rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { findPresences, publishPresence, type OwnPresence } from './presence-socket.js';

const KIND = 'c';

/** Says that a command uses the server, so that no other command stops it meanwhile. */
export async function announceCommand(runDir: string): Promise<OwnPresence> {
  return await publishPresence(runDir, KIND, () => 'command');
}

/** Whether any command uses the server. */
export async function isUsedByCommand(runDir: string): Promise<boolean> {
  return (await findPresences(runDir, KIND)).length > 0;
}

/** Remembers that a command started the server: the last command to end stops it. */
export async function rememberStartByCommand(runDir: string): Promise<void> {
  await writeFile(marker(runDir), '');
}

/** The server belongs to the service, or runs no more. */
export async function forgetStartByCommand(runDir: string): Promise<void> {
  await rm(marker(runDir), { force: true });
}

export async function wasStartedByCommand(runDir: string): Promise<boolean> {
  return await stat(marker(runDir)).then(
    () => true,
    () => false,
  );
}

function marker(runDir: string): string {
  return path.join(runDir, 'started-by-command');
}
