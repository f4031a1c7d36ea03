import { HttpException } from '@nestjs/common';
import { AppError } from './app-error.js';
import { STATUS_BY_CODE, type ErrorCode } from './error-codes.js';
import { isDatabaseUnavailable, wasBrokenOffByDatabase } from './database-unavailable.js';
import { isError } from './is-error.js';

/** An error as it goes over the wire, with its status and headers. */
export interface ErrorAnswer {
  status: number;
  headers: Record<string, string>;
  body: { error: { code: ErrorCode; message: string; details: Record<string, unknown>; request_id: string } };
}

const CODE_BY_FASTIFY_CODE: Partial<Record<string, ErrorCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'PAYLOAD_TOO_LARGE',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'UNSUPPORTED_MEDIA_TYPE',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'MALFORMED_JSON',
  FST_ERR_CTP_INVALID_JSON_BODY: 'MALFORMED_JSON',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'MALFORMED_REQUEST',
  FST_ERR_BAD_URL: 'MALFORMED_REQUEST',
  FST_ERR_MAX_PARAM_LENGTH: 'URI_TOO_LONG',
};

const CODE_BY_STATUS: Partial<Record<number, ErrorCode>> = {
  400: 'MALFORMED_REQUEST',
  401: 'UNAUTHENTICATED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  405: 'METHOD_NOT_ALLOWED',
  408: 'REQUEST_TIMEOUT',
  412: 'PRECONDITION_FAILED',
  413: 'PAYLOAD_TOO_LARGE',
  414: 'URI_TOO_LONG',
  415: 'UNSUPPORTED_MEDIA_TYPE',
  416: 'RANGE_NOT_SATISFIABLE',
  417: 'EXPECTATION_FAILED',
  422: 'VALIDATION_ERROR',
  431: 'HEADERS_TOO_LARGE',
};

const MESSAGES: Partial<Record<ErrorCode, string>> = {
  MALFORMED_JSON: 'The body is not valid JSON.',
  MALFORMED_REQUEST: 'The request could not be understood.',
  NOT_FOUND: 'There is nothing at this address.',
  METHOD_NOT_ALLOWED: 'This method is not allowed here.',
  PAYLOAD_TOO_LARGE: 'The body is larger than this route accepts.',
  UNSUPPORTED_MEDIA_TYPE: 'Send the body as application/json.',
  URI_TOO_LONG: 'The address is too long.',
  HEADERS_TOO_LARGE: 'The request headers are too large.',
  REQUEST_TIMEOUT: 'The request took too long to arrive.',
};

/**
 * Puts any thrown value into the one error shape. What is not meant for the caller becomes a bare
 * INTERNAL_ERROR: no message, SQL, path or stack of it leaves the process.
 */
export function toErrorAnswer(thrown: unknown, requestId: string): ErrorAnswer {
  if (thrown instanceof AppError) {
    return answer(thrown.code, thrown.message, requestId, thrown.details, thrown.retryAfterSeconds);
  }
  if (isDatabaseUnavailable(thrown)) {
    return answer(
      'DATABASE_UNAVAILABLE',
      'The database cannot be reached; try again shortly.',
      requestId,
      {},
      2,
    );
  }
  if (wasBrokenOffByDatabase(thrown)) {
    return answer('BUSY', 'The service is busy; try again in a moment.', requestId);
  }
  const code = frameworkCode(thrown);
  if (code === undefined) {
    return answer(
      'INTERNAL_ERROR',
      'Something went wrong on our side; quote the request id when you report it.',
      requestId,
    );
  }
  return answer(code, MESSAGES[code] ?? 'The request was refused.', requestId);
}

function frameworkCode(thrown: unknown): ErrorCode | undefined {
  if (thrown instanceof HttpException) return codeOfStatus(thrown.getStatus());
  if (!isError(thrown)) return undefined;
  const { code, statusCode } = thrown as { code?: unknown; statusCode?: unknown };
  if (typeof code === 'string' && CODE_BY_FASTIFY_CODE[code]) return CODE_BY_FASTIFY_CODE[code];
  return typeof statusCode === 'number' ? codeOfStatus(statusCode) : undefined;
}

/** Whatever a framework blames on the caller is the caller's, also with a status that is not in the table. */
function codeOfStatus(status: number): ErrorCode | undefined {
  return CODE_BY_STATUS[status] ?? (status >= 400 && status < 500 ? 'MALFORMED_REQUEST' : undefined);
}

function answer(
  code: ErrorCode,
  message: string,
  requestId: string,
  details: Record<string, unknown> = {},
  retryAfterSeconds?: number,
): ErrorAnswer {
  const status = STATUS_BY_CODE[code];
  const headers: Record<string, string> = {};
  if (status === 401) headers['www-authenticate'] = 'Bearer';
  if (status === 429 || status === 503) headers['retry-after'] = String(retryAfterSeconds ?? 1);
  return { status, headers, body: { error: { code, message, details, request_id: requestId } } };
}
