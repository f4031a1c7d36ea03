import { isError } from './is-error.js';

const UNAVAILABLE_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOENT',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'EAI_AGAIN',
  '3D000', // invalid_catalog_name: renamed away, as during a restore
  '53300', // too_many_connections
  '57P01', // admin_shutdown
  '57P02', // crash_shutdown
  '57P03', // cannot_connect_now
  '57P04', // database_dropped
  '57P05', // idle_session_timeout
  '08000', // connection_exception
  '08003', // connection_does_not_exist
  '08006', // connection_failure
]);

const UNAVAILABLE_MESSAGES =
  /not currently accepting connections|connection terminated|timeout exceeded when trying to connect|client has encountered a connection error|not queryable|connection ended unexpectedly/i;

/** True when a thrown value says that the database could not be reached, not that a statement was wrong. */
export function isDatabaseUnavailable(thrown: unknown): boolean {
  if (!isError(thrown)) return false;
  const { code, syscall, driverError, errors } = thrown as {
    code?: unknown;
    syscall?: unknown;
    driverError?: unknown;
    errors?: unknown;
  };
  if (isError(driverError) && driverError !== thrown) return isDatabaseUnavailable(driverError);
  if (typeof code === 'string' && UNAVAILABLE_CODES.has(code)) {
    return code !== 'ENOENT' || syscall === 'connect';
  }
  if (Array.isArray(errors)) return errors.some(isDatabaseUnavailable);
  return UNAVAILABLE_MESSAGES.test(thrown.message);
}

const BROKEN_OFF_CODES = new Set([
  '40001', // serialization_failure
  '40P01', // deadlock_detected
  '55P03', // lock_not_available
  '57014', // query_canceled, as by statement_timeout
]);

/** True when the database undid a statement that was right, and that may succeed when it is tried again. */
export function wasBrokenOffByDatabase(thrown: unknown): boolean {
  if (!isError(thrown)) return false;
  const { code, driverError } = thrown as { code?: unknown; driverError?: unknown };
  if (isError(driverError) && driverError !== thrown) return wasBrokenOffByDatabase(driverError);
  return typeof code === 'string' && BROKEN_OFF_CODES.has(code);
}
