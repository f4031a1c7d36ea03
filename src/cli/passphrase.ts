import { readFile } from 'node:fs/promises';
import { PasswordStrengthMeter } from '../auth/passwords/password-strength.js';
import { RecoveryFileError } from '../keys/recovery/recovery-file-error.js';
import { readHidden, type Terminal } from './read-hidden.js';

/**
 * Whoever finds a recovery file guesses at their own machines, thousands of times a second each: what is enough for a
 * login, where the service counts, is not enough here. Six random words, or 20 characters of a password manager, are.
 */
const MIN_CHARACTERS = 20;
const MIN_SCORE = 4;
/** Estimating takes the square of the length, and what is strong up to here is strong. */
const ESTIMATED_CHARACTERS = 64;

/** --passphrase-file */
export interface PassphraseSource {
  passphraseFile?: string;
}

/**
 * A passphrase for a file that is written now: from a file, or typed twice.
 * @throws RecoveryFileError when it is too weak, typed differently, or there is no terminal
 */
export async function choosePassphrase(
  source: PassphraseSource,
  terminal = processTerminal(),
): Promise<string> {
  const passphrase = await readPassphrase(source, terminal);
  await refuseWeak(passphrase);
  if (source.passphraseFile === undefined && (await ask('Once more: ', terminal)) !== passphrase)
    throw new RecoveryFileError('The two passphrases differ: try again.');
  return passphrase;
}

/**
 * The passphrase of a file that is there: from a file, or typed.
 * @throws RecoveryFileError when there is no terminal
 */
export function readPassphrase(
  { passphraseFile }: PassphraseSource,
  terminal = processTerminal(),
): Promise<string> {
  return passphraseFile === undefined ? ask('Passphrase: ', terminal) : fromFile(passphraseFile);
}

export function processTerminal(): Terminal {
  return {
    input: process.stdin,
    output: process.stderr,
    interrupt: () => process.kill(process.pid, 'SIGINT'),
  };
}

function ask(question: string, terminal: Terminal): Promise<string> {
  if (!terminal.input.isTTY)
    throw new RecoveryFileError(
      'There is no terminal to ask for the passphrase: put it into a file and give --passphrase-file.',
    );
  return readHidden(question, terminal);
}

/** Editors and `echo` end a file with a line break. */
async function fromFile(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).replace(/(?<![\r\n])[\r\n]+$/, '');
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    throw new RecoveryFileError(`The passphrase file ${file} cannot be read (${code}).`);
  }
}

async function refuseWeak(passphrase: string): Promise<void> {
  const characters = Array.from(passphrase.normalize('NFC'));
  if (characters.length < MIN_CHARACTERS) throw tooWeak(`it has less than ${MIN_CHARACTERS} characters`);
  const meter = new PasswordStrengthMeter();
  try {
    const estimated = characters.slice(0, ESTIMATED_CHARACTERS).join('');
    const { score } = await meter.measure(estimated, ['mc101', 'recovery', 'keys']);
    if (score < MIN_SCORE) throw tooWeak('it is easy to guess');
  } finally {
    await meter.close();
  }
}

function tooWeak(why: string): RecoveryFileError {
  return new RecoveryFileError(
    `The passphrase is too weak (${why}): take six random words, or let a password manager make one.`,
  );
}
