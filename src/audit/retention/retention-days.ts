/** For so long an address is kept as it is; afterwards only its keyed hash. */
export const ADDRESS_DAYS = 30;

/** Nothing younger than this is ever deleted from the audit log, whatever is configured. */
export const SHORTEST_RETENTION_DAYS = 30;
