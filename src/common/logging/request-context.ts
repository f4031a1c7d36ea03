import { AsyncLocalStorage } from 'node:async_hooks';
import type { LimitVerdict } from '../rate-limits/limit-verdict.js';

/** Which request is being served, for what is written about it far from where it came in. */
export interface RequestContext {
  readonly request_id: string;
  /** Where it came from, as far as that can be believed. */
  readonly address: string | null;
  /** What its client calls itself, cut off after 512 characters. */
  readonly userAgent?: string | null;
  /** What the limits that it met said, for the headers of its answer. */
  readonly verdicts?: LimitVerdict[];
  /** Set by the guard that finds out who asks. */
  userId?: number;
  sessionId?: string;
}

export const requestContext = new AsyncLocalStorage<RequestContext>();
