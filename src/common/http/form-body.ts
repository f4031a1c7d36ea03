import { isUtf8 } from 'node:buffer';
import { MalformedRequestError, ValidationFailedError } from '../errors/common.errors.js';

/** More than any form of ours has. */
const MAX_FIELDS = 32;

const FORBIDDEN_NAMES = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * Parses a URL-encoded body into single-valued fields.
 * @throws MalformedRequestError for bytes that are no UTF-8: URLSearchParams would make the same text of all of them.
 * @throws ValidationFailedError for a field that stands twice or would reach into a prototype.
 */
export function parseFormBody(body: Buffer): Record<string, string> {
  if (!isUtf8(body) || !isUtf8(unescapeBytes(body)))
    throw new MalformedRequestError('The form is not UTF-8.');
  const fields: Record<string, string> = {};
  for (const [name, value] of new URLSearchParams(body.toString())) {
    if (FORBIDDEN_NAMES.has(name)) throw problem(name, 'is not a known field');
    if (Object.keys(fields).length === MAX_FIELDS)
      throw new MalformedRequestError(`The form has more than ${MAX_FIELDS} fields.`);
    if (Object.hasOwn(fields, name)) throw problem(name, 'stands twice');
    fields[name] = value;
  }
  return fields;
}

/** The bytes that percent-encoding stands for. */
function unescapeBytes(body: Buffer): Buffer {
  const bytes = body
    .toString('latin1')
    .replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1');
}

function problem(field: string, sentence: string): ValidationFailedError {
  return new ValidationFailedError([{ field, problems: [sentence] }]);
}
