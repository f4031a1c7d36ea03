import { defaultStackParser, makeNodeTransport, NodeClient, Scope, type Exception } from '@sentry/node';
import type { SerializedError } from '../logging/serialize-error.js';
import { VERSION } from '../version.js';
import type { ErrorCollector, ErrorPlace } from './error-collector.js';

/** Reports on their way; past it they are dropped, so that a collector that hangs holds neither memory nor sockets. */
const MAX_ON_THE_WAY = 16;

/**
 * A bare client: no global state, no instrumentation, no integration, so that a report holds what is put into it here
 * and nothing of the machine, the request or the user.
 */
export function openSentryCollector(dsn: string, environment: string): ErrorCollector {
  const client = new NodeClient({
    dsn,
    environment,
    release: `mc101@${VERSION}`,
    integrations: [],
    stackParser: defaultStackParser,
    transport: makeNodeTransport,
    transportOptions: { bufferSize: MAX_ON_THE_WAY },
    includeServerName: false,
    sendClientReports: false,
    maxBreadcrumbs: 0,
  });
  client.init();
  return {
    send: (error, { requestId, route, task }: ErrorPlace) => {
      client.captureEvent(
        {
          level: 'error',
          exception: { values: exceptionsOf(error) },
          tags: { request_id: requestId, route, task },
        },
        {},
        // Its own, not the process's: what a library puts there is not ours to send.
        new Scope(),
      );
    },
    close: async (limitMs) => {
      await client.close(limitMs);
    },
  };
}

/** The protocol wants the first cause first. */
function exceptionsOf({ type, message, stack, cause }: SerializedError): Exception[] {
  const exception: Exception = {
    type: type ?? 'Error',
    value: message,
    // Without the message, whose lines might look like calls.
    stacktrace: { frames: defaultStackParser(stack?.replace(message, () => '') ?? '') },
    mechanism: { type: 'generic', handled: true },
  };
  return cause ? [...exceptionsOf(cause), exception] : [exception];
}
