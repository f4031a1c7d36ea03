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

/** The path of a request target without its query string. */
export function pathOf(url: string): string {
  const query = url.indexOf('?');
  return query === -1 ? url : url.slice(0, query);
}
