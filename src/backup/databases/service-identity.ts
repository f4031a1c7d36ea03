/**
 * A word that tells one installation from another and that every dump of it carries: when the first of its lifelong
 * keys was made, to the microsecond. NULL while there is no account yet. Ids of accounts mean something only within it.
 */
export const SERVICE_IDENTITY = `(SELECT to_char(min(created_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') FROM public.service_keys)`;
