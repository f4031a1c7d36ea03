// How much of everything one run does. The whole of it fits into MAX_RUN_SECONDS on two cores.
import { availableParallelism } from 'node:os';

/** Connections of an ordinary load: enough to keep one process busy, few enough that latency is not queueing alone. */
export const CONNECTIONS = 10;

export const ROUNDS = 3;
export const TURN_SECONDS = 3;
export const WARM_UP_SECONDS = 1;

/** A vote needs a voter who has not voted, so its turns are counted in votes instead of seconds. */
export const VOTES_A_TURN = 5000;
export const WARM_UP_VOTES = 1000;

/** Counted too: a login that is cut off goes on hashing into the next turn. */
export const LOGINS_A_TURN = 120;
export const WARM_UP_LOGINS = 10;
/** Below pool and queue together, so that none of them is refused. */
export const LOGIN_CONNECTIONS = 8;

export const FLOOD_CONNECTIONS = 64;
export const FLOOD_ROUNDS = 3;
export const FLOOD_TURN_SECONDS = 3;

export const TIMING_TRIES = 200;
export const WARM_UP_TRIES = 10;

/** Accounts with sessions that reads and notes take turns with. */
export const READERS = 50;
/** Accounts that have a password. */
export const ACCOUNTS = Math.max(TIMING_TRIES + WARM_UP_TRIES, READERS);

/** The limits of the issue; see README.md. */
export const BOUNDS = {
  /** Times the idle p99. */
  readsUnderFlood: 10,
  /** Times the cost of GET /users/info. */
  notesAgainstInfo: 2,
  /** Per cent of the median. */
  loginTiming: 5,
  /** The same; a reset waits for the disk and hashes nothing, so that its median is smaller and moves more. */
  resetTiming: 10,
  /** Bytes that the service's memory may grow by while it has a database backed up. */
  backupMemory: 64_000_000,
};

/** Written as bytes that do not compress, so that the dump is as large. */
export const BACKUP_BULK_BYTES = 1_000_000_000;
export const BACKUP_WITHIN_SECONDS = 180;

export const MAX_RUN_SECONDS = 480;

/** Password hashes at once, in the service and in the baseline: the service's own default. */
export const CPU_POOL_SIZE = Math.max(1, availableParallelism() - 1);

export const DB_POOL_SIZE = 10;

/** Where clients would reach the service: the issuer of its tokens. Nothing is sent there. */
export const PUBLIC_URL = 'https://bench.example.com';

/** The limits are asked as always, and let everything in: one account sends thousands of requests a second here. */
export const BEYOND_LIMITS = {
  RL_API_LIMIT: '1000000',
  RL_LOGIN_IP_LIMIT: '1000000',
  RL_LOGIN_EMAIL_LIMIT: '1000000',
  LOGIN_FAIL_EMAIL_THRESHOLD: '1000000',
  LOGIN_FAIL_IP_THRESHOLD: '1000000',
};

export const PASSWORD = 'a curious otter sings at the bench';
