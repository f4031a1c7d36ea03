import { isatty } from 'node:tty';

/**
 * Whether a terminal can hang up on this process. Without one SIGHUP is to be ignored: that is what nohup asks for, and
 * what Node undoes when it starts.
 */
export function hasTerminal(): boolean {
  return isatty(0) || isatty(1);
}
