import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';

/** Writes one line for each answer. The path has no query string: it may carry what nobody should read. */
export function logAnswer(logger: Logger, request: FastifyRequest, reply: FastifyReply): void {
  const status = reply.statusCode;
  logger[status >= 500 ? 'error' : 'info'](
    {
      request_id: request.id,
      method: request.method,
      path: pathOf(request.url),
      status_code: status,
      latency_ms: Math.round(reply.elapsedTime * 1000) / 1000,
      user_id: request.principal?.userId ?? null,
    },
    'request',
  );
}

/** The path of a request target without its query string and fragment, also where the target is a whole URL (RFC 9112 section 3.2.2). */
export function pathOf(target: string): string {
  const query = target.search(/[?#]/);
  const path = query === -1 ? target : target.slice(0, query);
  return path.startsWith('/') || !URL.canParse(path) ? path : new URL(path).pathname;
}
