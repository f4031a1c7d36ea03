import { isError } from '../errors/is-error.js';

/** The SQLSTATEs of values that do not fit. PostgreSQL quotes the value in their messages. */
const DATA_EXCEPTION = /^22[0-9A-Z]{3}$/;

/** An error as it may leave the process: in a log line, in a report. */
export interface SerializedError {
  type?: string;
  message: string;
  code?: string;
  stack?: string;
  cause?: SerializedError;
}

/**
 * Name, message and stack of an error and of its causes, and nothing else: a database error also carries the
 * statement's parameters and the row it stumbled over.
 */
export function serializeError(error: unknown): SerializedError {
  if (!isError(error)) return { message: String(error) };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  const quotesValue = code !== undefined && DATA_EXCEPTION.test(code);
  const message = quotesValue ? withoutQuotations(error.message) : error.message;
  return {
    type: error.name,
    message,
    code,
    stack: error.stack?.replace(error.message, () => message),
    cause: error.cause === undefined ? undefined : serializeError(error.cause),
  };
}

function withoutQuotations(message: string): string {
  return message.replace(/".*"/s, '"[redacted]"');
}
