import { AsyncLocalStorage } from 'node:async_hooks';

/** Set while an operator's command is at work: what it does was asked for by nobody who is logged in. */
export const commandOrigin = new AsyncLocalStorage<'cli'>();
