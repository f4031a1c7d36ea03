import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { MalformedJsonError } from '../errors/common.errors.js';
import { parseFormBody } from './form-body.js';
import { parseJsonBody } from './json-body.js';

const FORBIDDEN = ['__proto__', 'constructor', 'prototype'];

const parse = (text: string) => parseJsonBody(Buffer.from(text));

/** Any text that UTF-8 can carry. */
const text = fc.string({ unit: 'binary' });
const key = text.filter((name) => !FORBIDDEN.includes(name));

const { value } = fc.letrec<{ value: unknown; object: Record<string, unknown> }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    text,
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => (Object.is(number, -0) ? 0 : number)),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 5 }),
    tie('object'),
  ),
  object: fc.dictionary(key, tie('value'), { maxKeys: 5, noNullPrototype: true }),
}));
const anyObject = fc.dictionary(key, value, { maxKeys: 5, noNullPrototype: true });

/** JSON with blanks and escapes wherever the grammar allows them. */
function spellOut(node: unknown, blank: string, escape: boolean): string {
  const word = (plain: string) =>
    escape
      ? `"${Array.from({ length: plain.length }, (_, n) => `\\u${plain.charCodeAt(n).toString(16).padStart(4, '0')}`).join('')}"`
      : JSON.stringify(plain);
  if (typeof node === 'string') return word(node);
  if (Array.isArray(node)) {
    return `[${blank}${node.map((item) => spellOut(item, blank, escape)).join(`${blank},${blank}`)}${blank}]`;
  }
  if (typeof node !== 'object' || node === null) return JSON.stringify(node);
  const members = Object.entries(node).map(
    ([name, member]) => `${word(name)}${blank}:${blank}${spellOut(member, blank, escape)}`,
  );
  return `{${blank}${members.join(`${blank},${blank}`)}${blank}}`;
}

describe('a JSON body', () => {
  it('comes back as it was sent, however it was written', () => {
    fc.assert(
      fc.property(
        anyObject,
        fc.constantFrom('', ' ', '\n\t', '\r '),
        fc.boolean(),
        (object, blank, escape) => {
          expect(parse(`${blank}${spellOut(object, blank, escape)}${blank}`)).toEqual(object);
        },
      ),
    );
  });

  it('is refused when a key stands twice, at any depth and in any spelling', () => {
    const wrap = fc.array(fc.constantFrom('object', 'list'), { maxLength: 8 });
    fc.assert(
      fc.property(
        key,
        value,
        value,
        anyObject,
        wrap,
        fc.boolean(),
        (name, one, other, around, layers, escape) => {
          const escaped = spellOut(name, '', escape);
          const rest = Object.entries(around)
            .filter(([neighbour]) => neighbour !== name)
            .map(([neighbour, member]) => `${JSON.stringify(neighbour)}:${JSON.stringify(member)}`);
          const members = [
            `${JSON.stringify(name)}:${JSON.stringify(one)}`,
            ...rest,
            `${escaped}:${JSON.stringify(other)}`,
          ];
          let body = `{${members.join(',')}}`;
          for (const layer of layers) body = layer === 'list' ? `[1,${body},"x"]` : `{"a":"}","b":${body}}`;
          expect(() => parse(`{"outer":${body}}`)).toThrow(MalformedJsonError);
        },
      ),
    );
  });

  it('may hold the same key in different objects, and the same words as values', () => {
    const body = { a: { a: [{ a: 1 }, { a: 2 }], b: 'a' }, b: ['a', 'a', 'b'], c: 'a":1,"a' };
    expect(parse(JSON.stringify(body))).toEqual(body);
  });

  it.each(FORBIDDEN)('is refused with the key %s, in any spelling, at any depth', (name) => {
    const escaped = `\\u${name.charCodeAt(0).toString(16).padStart(4, '0')}${name.slice(1)}`;
    for (const spelling of [name, escaped]) {
      expect(() => parse(`{"${spelling}":1}`)).toThrow(MalformedJsonError);
      expect(() => parse(`{"a":[{"b":{"${spelling}" :{}}}]}`)).toThrow(MalformedJsonError);
    }
    expect(parse(`{"a":"${name}"}`)).toEqual({ a: name });
  });

  it('may be 32 levels deep, and not 33', () => {
    const nested = (levels: number) => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;
    expect(parse(nested(32))).toEqual(JSON.parse(nested(32)));
    expect(() => parse(nested(33))).toThrow(MalformedJsonError);
    const brackets = '[{'.repeat(100);
    expect(parse(JSON.stringify({ a: brackets }))).toEqual({ a: brackets });
  });

  it.each([
    ' ',
    'null',
    '1',
    '"a"',
    'true',
    '[]',
    '[{}]',
    '{',
    '{}{}',
    "{'a':1}",
    '{a:1}',
    '{"a":1,}',
    'NaN',
    '\ufeff{}',
  ])('is refused when it is no JSON object: %j', (body) => {
    expect(() => parse(body)).toThrow(MalformedJsonError);
  });

  it('is refused when it is not UTF-8, also inside a string', () => {
    for (const bytes of [[0xff], [0xc3], [0xed, 0xa0, 0x80], [0xc0, 0xaf]]) {
      const body = Buffer.concat([Buffer.from('{"a":"'), Buffer.from(bytes), Buffer.from('"}')]);
      expect(() => parseJsonBody(body)).toThrow(MalformedJsonError);
    }
  });

  it('is never repeated in the refusal', () => {
    for (const body of ['{"hunter2"', '{"hunter2":1,"hunter2":2}', '{"a":"hunter2"']) {
      expect(() => parse(body)).toThrow(
        expect.objectContaining({ message: expect.not.stringContaining('hunter2') }),
      );
    }
  });

  it('of nothing but escapes and blanks comes back whole', () => {
    for (const body of [
      JSON.stringify({ a: '"'.repeat(500_000) }),
      JSON.stringify({ a: '\\'.repeat(500_000) }),
      JSON.stringify({ a: '\\"'.repeat(250_000) }),
      `{"a":1${' '.repeat(1_000_000)}}`,
      `{"a"${' '.repeat(1_000_000)}:1}`,
    ]) {
      expect(Object.keys(parse(body) ?? {})).toEqual(['a']);
    }
  });

  it('has a thousand elements at most, however they are spread', () => {
    const list = (length: number) => JSON.stringify({ a: Array.from({ length }, () => 1) });
    expect(parse(list(999))).toHaveProperty('a.length', 999);
    expect(() => parse(list(1_000))).toThrow(/more than 1000 elements/);
    expect(() => parse(`{"a":[${'{},'.repeat(600)}{}]}`)).toThrow(/more than 1000 elements/);
  });
});

describe('a form body', () => {
  const parseForm = (body: string) => parseFormBody(Buffer.from(body));

  it('comes back as it was sent', () => {
    fc.assert(
      fc.property(fc.dictionary(key, text, { maxKeys: 6, noNullPrototype: true }), (fields) => {
        expect(parseForm(new URLSearchParams(fields).toString())).toEqual(fields);
      }),
    );
  });

  it.each(['a=1&a=2', 'a=1&%61=2', ...FORBIDDEN.map((name) => `${name}=1`)])('is refused: %s', (body) => {
    expect(() => parseForm(body)).toThrow(expect.objectContaining({ code: 'VALIDATION_ERROR' }));
  });
});
