/** Held by the session of whoever put the row into `maintenance`. Any constant that no other lock has. */
export const MAINTENANCE_LOCK = 4_101_000_003;
