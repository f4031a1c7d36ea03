import type { Socket } from 'node:net';
import { STATUS_BY_CODE } from '../errors/error-codes.js';
import { requestIdOf } from './request-id.js';
import { securityHeadersFor } from './security-headers.js';

/**
 * What Node refuses before there is a request: broken HTTP, headers past the limit, a request that never ends.
 * @returns the status, where there was still somebody to answer
 */
export function answerRawSocket(error: Error & { code?: string }, socket: Socket): number | undefined {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return undefined;
  }
  const [code, phrase] =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? (['HEADERS_TOO_LARGE', 'Request Header Fields Too Large'] as const)
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? (['REQUEST_TIMEOUT', 'Request Timeout'] as const)
        : (['MALFORMED_REQUEST', 'Bad Request'] as const);
  const requestId = requestIdOf({ headers: {} });
  const body = JSON.stringify({
    error: { code, message: 'The request could not be read as HTTP.', details: {}, request_id: requestId },
  });
  const headers = { ...securityHeadersFor('api', false), 'x-request-id': requestId };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  const status = STATUS_BY_CODE[code];
  socket.end(
    [
      `HTTP/1.1 ${status} ${phrase}`,
      ...lines,
      'content-type: application/json; charset=utf-8',
      `content-length: ${Buffer.byteLength(body)}`,
      'connection: close',
      '',
      body,
    ].join('\r\n'),
  );
  return status;
}
