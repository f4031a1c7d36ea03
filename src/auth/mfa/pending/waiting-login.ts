import type { LogIn } from '../../sessions/session-tokens.js';
import type { SecondFactorMethod } from '../second-factor.service.js';

/** A login whose password was right, and which waits for a second factor. */
export interface WaitingLogin {
  mfaToken: string;
  /** By what it can be completed. */
  methods: readonly SecondFactorMethod[];
}

export function isWaiting(login: LogIn | WaitingLogin): login is WaitingLogin {
  return 'mfaToken' in login;
}
