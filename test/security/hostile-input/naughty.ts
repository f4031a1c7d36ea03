import { readFileSync } from 'node:fs';

/** The Big List of Naughty Strings. */
export const NAUGHTY_STRINGS = JSON.parse(
  readFileSync(new URL('../../vectors/blns/blns.json', import.meta.url), 'utf8'),
) as string[];

/** Text that a browser or a careless client could send, and that no naughty list has. */
export const HOSTILE_STRINGS = [
  ...NAUGHTY_STRINGS,
  'a\0b',
  '\0',
  '\ud800',
  'x\udc00y',
  'half an emoji \ud83d',
  '\udbff\udbff',
  '\ufeffwith a byte order mark',
  '\u202eright to left',
  '__proto__',
  'constructor',
  'prototype',
  'hasOwnProperty',
  'e\u0301'.repeat(200),
  '𝕏'.repeat(256),
  'x'.repeat(5_000),
];

/** JSON that is no string, as text, so that it can say what JSON.stringify cannot. */
const HOSTILE_JSON = [
  '0',
  '-0',
  '-1',
  '1.5',
  '1E2',
  '1e-400',
  '1e400',
  '-1e400',
  '2147483648',
  '2147483649',
  '9007199254740991',
  '9007199254740993',
  '9223372036854775808',
  '123456789012345678901234567890',
  'true',
  'false',
  'null',
  '[]',
  '{}',
  '[[]]',
  '[null]',
  '[1,"a",{}]',
  '["a\\u0000"]',
  '["\\ud800"]',
  '[""]',
  '{"length":3}',
  '{"toString":1,"valueOf":2}',
  '{"then":1}',
  '{"__proto__":{"role":"admin"}}',
  '{"constructor":{"prototype":{"role":"admin"}}}',
  '{"$ne":null}',
  `[${Array(5_000).fill('0').join()}]`,
  `${'['.repeat(31)}${']'.repeat(31)}`,
  `${'['.repeat(1_000)}${']'.repeat(1_000)}`,
];

/** Every value that a JSON field is tried with, as JSON text. */
export const HOSTILE_VALUES = [...HOSTILE_STRINGS.map((text) => JSON.stringify(text)), ...HOSTILE_JSON];

/** What stands in a report: enough to find the value again. */
export function shown(value: string): string {
  return value.length > 80 ? `${value.slice(0, 80)}… (${value.length} characters)` : value;
}
