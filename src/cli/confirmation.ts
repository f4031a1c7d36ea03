import { createInterface } from 'node:readline/promises';
import { report } from './with-service.js';

/**
 * Asks somebody to type a word before something is done that cannot be taken back at a keystroke. Standard input that
 * ends, or another word, means no.
 */
export async function isConfirmed(question: string, word: string, signal: AbortSignal): Promise<boolean> {
  report(question);
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  // A terminal that is being read line by line sends Ctrl-C to the reader.
  lines.once('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  try {
    const ended = new Promise<string>((resolve) => {
      lines.once('close', () => {
        resolve('');
      });
    });
    return (await Promise.race([lines.question('', { signal }), ended])).trim() === word;
  } finally {
    lines.close();
  }
}
