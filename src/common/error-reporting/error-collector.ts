import type { SerializedError } from '../logging/serialize-error.js';

/** Where it happened; nothing that somebody sent. */
export interface ErrorPlace {
  /** Of the request that failed; by default of the one that is being served. */
  requestId?: string;
  /** The template of its route, never its path. */
  route?: string;
  /** What was being done, where it was no request: `backup`. */
  task?: string;
}

/** Takes reports away without making anybody wait. */
export interface ErrorCollector {
  send(error: SerializedError, place: ErrorPlace): void;
  /** Waits for what is on its way, but not longer than `limitMs`. */
  close(limitMs: number): Promise<void>;
}
