import type { LimitStorage } from './limit-storage.js';
import type { LimitName } from './limits.js';

/** What a limit says to one try. */
export interface LimitVerdict {
  name: LimitName;
  /** As the `RateLimit` header calls it. */
  policy: string;
  allowed: boolean;
  /** How many fit into a window; 0 where the limit is switched off. */
  limit: number;
  windowSeconds: number;
  /** How many more would be let in now. */
  remaining: number;
  /** Until there is room for more than `remaining`. */
  resetSeconds: number;
  /** Until what was refused would be let in; 0 when it was. */
  retryAfterSeconds: number;
  /** What `giveBack` needs. */
  taken: { storage: LimitStorage; key: string; at: number; count: number } | undefined;
}
