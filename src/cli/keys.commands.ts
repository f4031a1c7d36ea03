import { access } from 'node:fs/promises';
import path from 'node:path';
import type { Command } from 'commander';
import { KeysService } from '../keys/keys.service.js';
import { KeyExportService } from '../keys/recovery/key-export.service.js';
import { openRecoveryFile } from '../keys/recovery/open-recovery-file.js';
import {
  summarizeRings,
  RING_NAMES,
  type RecoveredRings,
  type RingSummary,
} from '../keys/recovery/recovered-rings.js';
import { RecoveryFileError } from '../keys/recovery/recovery-file-error.js';
import { writeSecretFile } from '../keys/recovery/write-secret-file.js';
import { choosePassphrase, readPassphrase, type PassphraseSource } from './passphrase.js';
import { answer, report, type RunWithService } from './with-service.js';

const PASSPHRASE_FILE = [
  '--passphrase-file <file>',
  'read the passphrase from a file instead of asking for it',
] as const;

/** @param folder that relative paths begin at */
export function addKeyCommands(program: Command, run: RunWithService, folder: string): void {
  const inFolder = (file: string) => path.resolve(folder, file);
  program
    .command('keys:rotate')
    .description(
      'wrap every stored key under the first key of APP_ENCRYPTION_KEY; can be stopped and run again',
    )
    .action(() => run(async (service) => rotate(service.get(KeysService))));
  program
    .command('keys:export')
    .description('write every key, sealed under a passphrase, into a new recovery file; no backup holds them')
    .argument('<file>', 'to be written; must not exist', inFolder)
    .option(...PASSPHRASE_FILE, inFolder)
    .action(async (file: string, source: PassphraseSource) => {
      await refuseExisting(file);
      const passphrase = await choosePassphrase(source);
      await run(async (service) => {
        show(await service.get(KeyExportService).export(file, passphrase));
        answer(
          `${file} is written: keep it away from the server and from the backups, and the passphrase from it.`,
        );
      });
    });
  program
    .command('keys:inspect')
    .description('list which keys a recovery file holds, never the keys; needs no database')
    .argument('<file>', 'that keys:export wrote', inFolder)
    .option(...PASSPHRASE_FILE, inFolder)
    .action(async (file: string, source: PassphraseSource) => {
      show(summarizeRings(await openRecoveryFile(file, await readPassphrase(source))));
    });
  program
    .command('keys:recover')
    .description('write the keys of a recovery file, in the clear, into a new file of environment variables')
    .argument('<file>', 'that keys:export wrote', inFolder)
    .requiredOption('--out <file>', 'to be written, for this user alone; must not exist', inFolder)
    .option(...PASSPHRASE_FILE, inFolder)
    .action(async (file: string, { out, ...source }: PassphraseSource & { out: string }) => {
      await refuseExisting(out);
      const rings = await openRecoveryFile(file, await readPassphrase(source));
      await writeSecretFile(out, toEnvFile(rings));
      show(summarizeRings(rings));
      answer(`${out} holds them in the clear: put them into the environment of the service, then delete it.`);
    });
}

async function rotate(keys: KeysService): Promise<void> {
  const totals = await keys.rotate((what, done) => {
    report(`${what}: ${done} rewrapped …`);
  });
  for (const [what, done] of Object.entries(totals))
    answer(`${what}: ${done} rewrapped under "${keys.ring.current.id}".`);
  answer('Once every process runs with the new key first, the older keys can leave APP_ENCRYPTION_KEY.');
}

function show(rings: RingSummary[]): void {
  for (const { name, ids } of rings) answer(`${name}: ${ids.join(', ')}`);
}

/** Before somebody has typed a passphrase twice; writing refuses as well. */
async function refuseExisting(file: string): Promise<void> {
  const exists = await access(file).then(
    () => true,
    () => false,
  );
  if (exists)
    throw new RecoveryFileError(`${file} exists already, and is not overwritten: choose another name.`);
}

function toEnvFile(rings: RecoveredRings): string {
  return RING_NAMES.flatMap((name) => (rings[name] === undefined ? [] : [`${name}=${rings[name]}\n`])).join(
    '',
  );
}
