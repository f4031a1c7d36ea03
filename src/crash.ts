import type { ErrorReports } from './common/error-reporting/error-reports.js';
import { serializeError, type SerializedError } from './common/logging/serialize-error.js';

/**
 * What happens when an error reaches nobody, from a callback or a promise: nobody knows what state the process is in, so
 * it is told, reported and ended. Node would print the whole error, with the parameters of a failed statement.
 */
export async function crash(error: unknown, reports: ErrorReports | undefined): Promise<never> {
  process.stderr.write(
    `\nThe service ends because of an unexpected error.\n${describe(serializeError(error))}\n`,
  );
  reports?.report(error);
  await reports?.onApplicationShutdown().catch(() => undefined);
  process.exit(1);
}

function describe({ stack, message, cause }: SerializedError): string {
  return `${stack ?? message}${cause ? `\nCaused by: ${describe(cause)}` : ''}`;
}
