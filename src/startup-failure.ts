import { BackupFailedError } from './backup/backup-failed-error.js';
import { InputEndedError } from './cli/read-hidden.js';
import { AppError } from './common/errors/app-error.js';
import { ConfigError } from './config/parse-env.js';
import { KeyRingInvalidError } from './crypto/crypto.errors.js';
import { StartupError } from './database/embedded/startup-error.js';
import { SchemaTooNewError } from './database/migrate.js';
import { KeyRingUnfitError } from './keys/keys.errors.js';
import { RecoveryFileError } from './keys/recovery/recovery-file-error.js';

const EXPLAINED = [
  BackupFailedError,
  ConfigError,
  InputEndedError,
  KeyRingInvalidError,
  KeyRingUnfitError,
  RecoveryFileError,
  SchemaTooNewError,
  StartupError,
];

interface SystemError {
  code?: string;
  syscall?: string;
}

/** What to print when the service cannot start: one sentence where the cause is known, else the whole error. */
export function explainStartupFailure(
  error: unknown,
  address: { host: string; port: number },
  database: string,
): string {
  if (!(error instanceof Error)) return String(error);
  if (EXPLAINED.some((known) => error instanceof known)) return error.message;
  if (error instanceof AppError) {
    // The details follow at once; an answer of the API has them in a field.
    const message = error.message.replace('; see details.', ':');
    return [message, ...Object.values(error.details).flat().map(String)].join(' ');
  }
  const { code, syscall } = error as SystemError;
  if (syscall === 'listen') return explainListen(code, address);
  const reason = databaseReason(error);
  return reason === undefined ? (error.stack ?? error.message) : `The ${database} ${reason}`;
}

function explainListen(code: string | undefined, { host, port }: { host: string; port: number }): string {
  if (code === 'EADDRINUSE')
    return `Port ${port} on ${host} is in use: stop the program that uses it, or set PORT to another one.`;
  if (code === 'EACCES') return `Port ${port} may not be used by this user: set PORT to one above 1023.`;
  return `The service cannot listen on ${host}:${port} (${code ?? 'unknown error'}): correct HOST and PORT.`;
}

function databaseReason(error: Error): string | undefined {
  const { code, driverError } = error as SystemError & { driverError?: unknown };
  if (driverError instanceof Error && driverError !== error) return databaseReason(driverError);
  if (error instanceof AggregateError) {
    const inner: unknown = error.errors[0];
    return inner instanceof Error ? databaseReason(inner) : undefined;
  }
  switch (code) {
    case 'ECONNREFUSED':
    case 'ENOTFOUND':
    case 'ENOENT':
    case 'EAI_AGAIN':
    case 'ETIMEDOUT':
    case 'EHOSTUNREACH':
      return `cannot be reached (${code}): start it, or correct DATABASE_URL.`;
    case '28P01':
    case '28000':
      return 'refuses the user or password: correct DATABASE_URL.';
    case '3D000':
      return 'does not exist: create it, or correct DATABASE_URL.';
    case '42501':
      return 'does not let this user change the schema: set DATABASE_OWNER_URL to the role that owns it.';
    case '57014':
    case '55P03':
      return `broke off a statement (${error.message}): start again, or raise its statement_timeout and lock_timeout.`;
    default:
      return /timeout|terminated/i.test(error.message)
        ? `cannot be reached (${error.message}): start it, or correct DATABASE_URL.`
        : undefined;
  }
}
