import type { Readable, Writable } from 'node:stream';

/** A terminal's two ends, as far as they are needed. */
export interface Terminal {
  input: Readable & { isTTY?: boolean; setRawMode?: (raw: boolean) => unknown };
  output: Writable;
  /** Gives the process the signal that Ctrl-C means. */
  interrupt: () => void;
}

const CTRL_C = '\u0003';
const CTRL_D = '\u0004';
const CTRL_U = '\u0015';
const ERASERS = ['\b', '\u007f'];

/** The line could not be read to its end. */
export class InputEndedError extends Error {
  override readonly name = 'InputEndedError';
}

/**
 * Asks for one line without showing what is typed. What comes behind the line stays for the next question.
 * @throws InputEndedError on Ctrl-C, Ctrl-D, or when the terminal goes
 */
export async function readHidden(question: string, { input, output, interrupt }: Terminal): Promise<string> {
  // First: what is typed as soon as the question stands there must not show.
  input.setRawMode?.(true);
  output.write(question);
  input.setEncoding('utf8');
  let typed: string[] = [];
  try {
    return await new Promise<string>((resolve, reject) => {
      const end = (settle: () => void) => {
        input.pause();
        input.off('data', onData);
        input.off('end', onEnd);
        settle();
      };
      const onEnd = () => {
        end(() => {
          reject(new InputEndedError('Nothing was entered.'));
        });
      };
      const onData = (chunk: string) => {
        const keys = Array.from(chunk);
        for (const [index, key] of keys.entries()) {
          if (key === '\r' || key === '\n') {
            const rest = keys.slice(index + 1).join('');
            end(() => {
              if (rest !== '') input.unshift(rest, 'utf8');
              resolve(typed.join(''));
            });
            return;
          }
          if (key === CTRL_C || key === CTRL_D) {
            onEnd();
            if (key === CTRL_C) interrupt();
            return;
          }
          if (key === CTRL_U) typed = [];
          else if (ERASERS.includes(key)) typed.pop();
          else if (key >= ' ') typed.push(key);
        }
      };
      input.on('data', onData);
      input.on('end', onEnd);
      input.resume();
    });
  } finally {
    input.setRawMode?.(false);
    output.write('\n');
  }
}
