import { isUtf8 } from 'node:buffer';
import { MalformedJsonError } from '../errors/common.errors.js';
import { checkJsonStructure } from './json-structure.js';

/**
 * Parses a JSON body (RFC 8259), more strictly than JSON.parse; see checkJsonStructure.
 * An empty body is no body: many clients announce JSON with every POST.
 * @throws MalformedJsonError with the reason.
 */
export function parseJsonBody(body: Buffer): object | undefined {
  if (body.length === 0) return undefined;
  const text = decodeUtf8(body);
  checkJsonStructure(text);
  const value = parse(text);
  if (value === null || typeof value !== 'object' || Array.isArray(value))
    throw new MalformedJsonError('an object is expected');
  return value;
}

/** RFC 8259 section 8.1: JSON is UTF-8. What is not would silently become other text. */
function decodeUtf8(body: Buffer): string {
  if (!isUtf8(body)) throw new MalformedJsonError('it is not UTF-8');
  return body.toString('utf8');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new MalformedJsonError('it cannot be parsed');
  }
}
