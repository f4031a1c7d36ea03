import { ValidationFailedError } from '../errors/common.errors.js';

const FORBIDDEN_NAMES = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * Parses a URL-encoded body into single-valued fields.
 * @throws ValidationFailedError for a field that stands twice or would reach into a prototype.
 */
export function parseFormBody(body: Buffer): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const [name, value] of new URLSearchParams(body.toString())) {
    if (FORBIDDEN_NAMES.has(name)) throw problem(name, 'is not a known field');
    if (Object.hasOwn(fields, name)) throw problem(name, 'stands twice');
    fields[name] = value;
  }
  return fields;
}

function problem(field: string, sentence: string): ValidationFailedError {
  return new ValidationFailedError([{ field, problems: [sentence] }]);
}
