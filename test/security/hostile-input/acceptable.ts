import { STATUS_BY_CODE } from '../../../src/common/errors/error-codes.js';
import type { RawAnswer } from './raw-client.js';

const STATUSES: Readonly<Record<string, number>> = STATUS_BY_CODE;

/**
 * What is wrong with an answer to hostile input: undefined for 2xx, and for a refusal (4xx) that has the one error
 * shape, to the letter.
 */
export function problemWith(answer: RawAnswer): string | undefined {
  const { status, headers, text } = answer;
  if (status >= 200 && status < 300) return undefined;
  if (status < 400 || status > 499) return `status ${status}: ${text.slice(0, 200)}`;
  if (headers['content-type'] !== 'application/json; charset=utf-8')
    return `${status} as ${headers['content-type'] ?? 'nothing'}`;
  const body = parsed(text);
  if (!hasExactly(body, ['error'])) return `${status} without the error shape: ${text.slice(0, 200)}`;
  const { error } = body;
  if (!hasExactly(error, ['code', 'message', 'details', 'request_id']))
    return `${status} without the error shape: ${text.slice(0, 200)}`;
  const { code, message, details, request_id: requestId } = error;
  if (typeof code !== 'string' || STATUSES[code] !== status)
    return `code ${String(code)} with status ${status}`;
  if (typeof message !== 'string' || message === '') return `${code} without a message`;
  if (typeof details !== 'object' || details === null || Array.isArray(details))
    return `${code} with odd details`;
  if (typeof requestId !== 'string' || requestId !== headers['x-request-id'])
    return `${code} with request id ${String(requestId)}, in the header ${String(headers['x-request-id'])}`;
  return undefined;
}

/**
 * What is wrong with an answer to a request whose `field` was `sent` (JSON text): as above, and whatever an accepting
 * answer says of the field must be the very value, of the very type.
 */
export function problemWithEcho(answer: RawAnswer, field: string, sent: string): string | undefined {
  const problem = problemWith(answer);
  if (problem !== undefined || answer.status >= 400 || answer.text === '') return problem;
  const body = parsed(answer.text);
  if (typeof body !== 'object' || body === null || !Object.hasOwn(body, field)) return undefined;
  const given = JSON.stringify((body as Record<string, unknown>)[field]);
  const expected = JSON.stringify(JSON.parse(sent));
  return given === expected ? undefined : `answered ${given.slice(0, 80)} for ${expected.slice(0, 80)}`;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function hasExactly<K extends string>(value: unknown, keys: K[]): value is Record<K, unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    JSON.stringify(Object.keys(value).sort()) === JSON.stringify([...keys].sort())
  );
}
