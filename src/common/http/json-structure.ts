import { MalformedJsonError } from '../errors/common.errors.js';

/** Nothing this API accepts is nested deeper; what is deeper is an attack on recursive code behind the parser. */
const MAX_DEPTH = 32;

/**
 * Objects, arrays and what is in them, all together. The largest honest body is a ballot that ranks or scores every
 * candidate; what validates bodies takes time that grows with the square of this.
 */
const MAX_ELEMENTS = 1_000;

const FORBIDDEN_KEYS = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * Walks JSON text once, before anything is built of it: bounded depth and number of elements, no key twice in an
 * object (RFC 8259 leaves the meaning open, so two parsers could see two different ballots), no key that reaches into
 * prototypes. Text that is no JSON may pass; the parser refuses it afterwards.
 * @throws MalformedJsonError with the reason.
 */
export function checkJsonStructure(text: string): void {
  // One set of keys for each open object, undefined for each open array.
  const open: (Set<string> | undefined)[] = [];
  let elements = 0;
  let position = 0;
  while (position < text.length) {
    switch (text[position]) {
      case '{':
        open.push(new Set());
        elements += 1;
        break;
      case '[':
        open.push(undefined);
        elements += 1;
        break;
      case ',':
        elements += 1;
        break;
      case '}':
      case ']':
        open.pop();
        break;
      case '"': {
        const end = endOfString(text, position);
        const keys = open.at(-1);
        if (keys && isFollowedByColon(text, end)) checkKey(text.slice(position, end), keys);
        position = end - 1;
        break;
      }
    }
    if (open.length > MAX_DEPTH) throw new MalformedJsonError(`it is nested deeper than ${MAX_DEPTH} levels`);
    if (elements > MAX_ELEMENTS) throw new MalformedJsonError(`it has more than ${MAX_ELEMENTS} elements`);
    position += 1;
  }
}

function checkKey(quoted: string, seen: Set<string>): void {
  const key = unquote(quoted);
  if (FORBIDDEN_KEYS.has(key)) throw new MalformedJsonError(`the key "${key}" is not allowed`);
  if (seen.has(key)) throw new MalformedJsonError('a key stands twice in one object');
  seen.add(key);
}

/** Escapes can spell one key in many ways. */
function unquote(quoted: string): string {
  try {
    return JSON.parse(quoted) as string;
  } catch {
    throw new MalformedJsonError('it cannot be parsed');
  }
}

/** The index just past the closing quote of the string that begins at `start`; the text's end where it has none. */
function endOfString(text: string, start: number): number {
  let quote = text.indexOf('"', start + 1);
  while (quote !== -1 && isEscaped(text, quote)) quote = text.indexOf('"', quote + 1);
  return quote === -1 ? text.length : quote + 1;
}

function isEscaped(text: string, quote: number): boolean {
  let backslashes = 0;
  while (text[quote - 1 - backslashes] === '\\') backslashes += 1;
  return backslashes % 2 === 1;
}

function isFollowedByColon(text: string, position: number): boolean {
  let next = position;
  while (' \t\n\r'.includes(text[next] ?? '-')) next += 1;
  return text[next] === ':';
}
