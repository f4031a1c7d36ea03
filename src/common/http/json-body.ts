import { isUtf8 } from 'node:buffer';
import { MalformedJsonError } from '../errors/common.errors.js';

/** Nothing this API accepts is nested deeper; what is deeper is an attack on recursive code behind the parser. */
const MAX_DEPTH = 32;

const FORBIDDEN_KEYS = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * Parses a JSON body (RFC 8259) more strictly than JSON.parse: no duplicate keys (RFC 8259 leaves their meaning
 * open, so two parsers could see two different ballots), no keys that reach into prototypes, bounded depth.
 * An empty body is no body: many clients announce JSON with every POST.
 * @throws MalformedJsonError with the reason.
 */
export function parseJsonBody(body: Buffer): object | undefined {
  if (body.length === 0) return undefined;
  const text = decodeUtf8(body);
  const value = parse(text);
  if (value === null || typeof value !== 'object' || Array.isArray(value))
    throw new MalformedJsonError('an object is expected');
  checkKeys(text);
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

/** Walks text that JSON.parse has accepted, so that only structure needs looking at. */
function checkKeys(text: string): void {
  // One set of keys for each open object, undefined for each open array.
  const open: (Set<string> | undefined)[] = [];
  let position = 0;
  while (position < text.length) {
    switch (text[position]) {
      case '{':
        open.push(new Set());
        break;
      case '[':
        open.push(undefined);
        break;
      case '}':
      case ']':
        open.pop();
        break;
      case '"': {
        const end = endOfString(text, position);
        const keys = open.at(-1);
        if (keys && isFollowedByColon(text, end))
          checkKey(JSON.parse(text.slice(position, end)) as string, keys);
        position = end - 1;
        break;
      }
    }
    if (open.length > MAX_DEPTH) throw new MalformedJsonError(`it is nested deeper than ${MAX_DEPTH} levels`);
    position += 1;
  }
}

function checkKey(key: string, seen: Set<string>): void {
  if (FORBIDDEN_KEYS.has(key)) throw new MalformedJsonError(`the key "${key}" is not allowed`);
  if (seen.has(key)) throw new MalformedJsonError('a key stands twice in one object');
  seen.add(key);
}

/** The index just past the closing quote of the string that begins at `start`. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end + 1;
}

function isEscaped(text: string, quote: number): boolean {
  let backslashes = 0;
  while (text[quote - 1 - backslashes] === '\\') backslashes += 1;
  return backslashes % 2 === 1;
}

function isFollowedByColon(text: string, position: number): boolean {
  let next = position;
  while (/\s/.test(text[next] ?? '')) next += 1;
  return text[next] === ':';
}
