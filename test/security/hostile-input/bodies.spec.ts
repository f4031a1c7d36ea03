import { afterAll, describe, expect, it } from '@jest/globals';
import { problemWith } from './acceptable.js';
import { NAUGHTY_STRINGS } from './naughty.js';
import type { Operation } from '../../support/operations.js';
import type { RawAnswer } from './raw-client.js';
import { Stage, type GoodRequest } from './stage.js';
import { tryAll, type Try } from './try-all.js';

const stage = await Stage.build();
afterAll(() => stage.close());

const withBody = stage.operations.filter(({ bodyFields }) => bodyFields !== undefined);
const withoutBody = stage.operations.filter(({ bodyFields }) => bodyFields === undefined);
const isAboutNotes = ({ path }: Operation) => path.startsWith('/users/notes');

const KIB = 1024;
const DEEP = 100_000;

/** Says what is wrong unless the answer is this very refusal. */
const code = (expected: string) => (answer: RawAnswer) => {
  const given = /"code":"(\w+)"/.exec(answer.text)?.[1] ?? `status ${answer.status}`;
  return given === expected ? problemWith(answer) : `${given} instead of ${expected}`;
};

/** A good body with members, given as JSON text, added at its end. */
function extended({ body }: GoodRequest, members: string): string {
  const text = JSON.stringify(body);
  return text === '{}' ? `{${members}}` : `${text.slice(0, -1)},${members}}`;
}

function extension(what: string, members: string, judge: Try['judge']): Try {
  return { where: 'body', what, spoil: (good) => ({ body: extended(good, members) }), judge };
}

function whole(what: string, body: string | Buffer, judge: Try['judge']): Try {
  return { where: 'body', what, spoil: () => ({ body }), judge };
}

const malformed = code('MALFORMED_JSON');

describe('a hostile body', () => {
  it.each(withBody)(
    '$key refuses keys that reach into prototypes, wherever they stand',
    async (operation) => {
      const keys = ['__proto__', 'constructor', 'prototype', '\\u005f_proto__', '__pr\\u006fto__'];
      const tries = keys.flatMap((key) => [
        extension(key, `"${key}":{"role":"admin"}`, malformed),
        extension(`nested ${key}`, `"a":[{"${key}":1}]`, malformed),
        whole(`only ${key}`, `{"${key}":{}}`, malformed),
      ]);
      expect(await tryAll(stage, operation, tries)).toEqual([]);
      expect(Object.keys(Object.prototype)).toEqual([]);
    },
  );

  it.each(withBody)(
    '$key refuses a key that stands twice, also when it is spelt differently',
    async (operation) => {
      const field = operation.bodyFields![0]!;
      const spelt = `\\u00${field.charCodeAt(0).toString(16)}${field.slice(1)}`;
      const tries = [
        whole('twice', `{"${field}":"a","${field}":"a"}`, malformed),
        whole('spelt differently', `{"${field}":"a","${spelt}":"b"}`, malformed),
        whole('nested', `{"${field}":{"a":1,"a":2}}`, malformed),
        whole('in a list', `{"${field}":[{"a":1, "b":{}, "a" : 2}]}`, malformed),
      ];
      expect(await tryAll(stage, operation, tries)).toEqual([]);
    },
  );

  it.each(withBody)('$key refuses fields that it does not know', async (operation) => {
    const unknown = code('VALIDATION_ERROR');
    const names = ['role2', 'is_admin', 'user_id', '$where', 'toString', 'hasOwnProperty', 'then', '', ' '];
    const tries = names.map((name) => extension(name, `${JSON.stringify(name)}:"x"`, unknown));
    expect(await tryAll(stage, operation, tries)).toEqual([]);
  });

  it.each(withBody)(
    '$key answers every naughty string as the name of a field',
    async (operation) => {
      const names = NAUGHTY_STRINGS.filter((name) => !(operation.bodyFields ?? []).includes(name));
      const tries = names.map((name) => extension(name, `${JSON.stringify(name)}:1`, problemWith));
      expect(await tryAll(stage, operation, tries)).toEqual([]);
    },
    60_000,
  );

  it.each(withBody)('$key refuses nesting of 100,000 levels', async (operation) => {
    const field = operation.bodyFields![0]!;
    // Past the limit of bodies that carry no note, so those are refused before they are read.
    const judge = isAboutNotes(operation) ? malformed : code('PAYLOAD_TOO_LARGE');
    const levels = [
      `{"${field}":${'['.repeat(DEEP)}${']'.repeat(DEEP)}}`,
      `${'{"a":'.repeat(DEEP)}1${'}'.repeat(DEEP)}`,
    ];
    const shallow = `{"${field}":${'['.repeat(20_000)}${']'.repeat(20_000)}}`;
    const tries = [
      ...levels.map((body) => whole('100,000 levels', body, judge)),
      whole('20,000 levels', shallow, malformed),
      whole('never closed', `{"${field}":${'['.repeat(20_000)}`, malformed),
    ];
    expect(await tryAll(stage, operation, tries)).toEqual([]);
  });

  it.each(withBody)('$key refuses a body past its limit', async (operation) => {
    const limit = isAboutNotes(operation) ? 7 * KIB * KIB : 64 * KIB;
    const past = `{"x":"${'x'.repeat(limit)}"}`;
    const tries = [whole('past the limit', past, code('PAYLOAD_TOO_LARGE'))];
    expect(await tryAll(stage, operation, tries)).toEqual([]);
  });

  it.each(withBody)(
    '$key refuses what is not UTF-8, not JSON or not an object',
    async (operation) => {
      const field = operation.bodyFields![0]!;
      const bytes = (...value: number[]) =>
        Buffer.concat([Buffer.from(`{"${field}":"`), Buffer.from(value), Buffer.from('"}')]);
      const good = JSON.stringify((await stage.goodRequest(operation, 0)).body);
      const tries = [
        whole('a lone continuation byte', bytes(0x80), malformed),
        whole('an overlong slash', bytes(0xc0, 0xaf), malformed),
        whole('a surrogate in UTF-8', bytes(0xed, 0xa0, 0x80), malformed),
        whole('beyond Unicode', bytes(0xf4, 0x90, 0x80, 0x80), malformed),
        whole('a cut sequence', bytes(0xe2, 0x82), malformed),
        whole('bytes that never occur', bytes(0xff, 0xfe), malformed),
        whole('a byte order mark', `\ufeff${good}`, malformed),
        whole('UTF-16', Buffer.from(good, 'utf16le'), malformed),
        whole('a raw NUL', bytes(0), malformed),
        whole('a raw line feed', bytes(0x0a), malformed),
        ...[
          '{',
          '"',
          '[',
          'nul',
          '{"a":1,}',
          "{'a':1}",
          '{a:1}',
          '{}{}',
          '{"a":NaN}',
          '{"a":01}',
          '\0',
          ' ',
        ].map((text) => whole(text, text, malformed)),
        ...['[]', '[{}]', '"text"', '1', 'true', 'null', '1e400'].map((text) => whole(text, text, malformed)),
        ...NAUGHTY_STRINGS.filter((text) => text !== '').map((text) => whole(text, text, malformed)),
      ];
      expect(await tryAll(stage, operation, tries)).toEqual([]);
    },
    60_000,
  );

  it.each(withBody)('$key refuses other content types', async (operation) => {
    const types = [
      'text/plain',
      'text/json',
      'application/xml',
      'application/jsonx',
      'application/json2',
      'application/problem+json',
      'application/octet-stream',
      'multipart/form-data; boundary=x',
      'nonsense',
      '*/*',
      ...(operation.takesForm ? [] : ['application/x-www-form-urlencoded']),
    ];
    const tries = types.map((type): Try => ({
      where: 'content-type',
      what: type,
      spoil: (good) => ({ body: JSON.stringify(good.body), headers: { 'content-type': type } }),
      judge: code('UNSUPPORTED_MEDIA_TYPE'),
    }));
    expect(await tryAll(stage, operation, tries)).toEqual([]);
  });

  it.each(stage.operations.filter(({ takesForm }) => takesForm))(
    '$key refuses hostile forms in the error shape',
    async (operation) => {
      const form = (what: string, body: string | Buffer, judge: Try['judge']): Try => ({
        where: 'form',
        what,
        spoil: () => ({ body, headers: { 'content-type': 'application/x-www-form-urlencoded' } }),
        judge,
      });
      const refused = code('VALIDATION_ERROR');
      const tries = [
        form('twice', 'username=a&username=b&password=c', refused),
        form('prototype', '__proto__=a&username=a&password=c', refused),
        form('brackets', 'username[$ne]=a&password=c', refused),
        form('a NUL', 'username=a%00&password=c', refused),
        form('percent-encoded bytes that are no UTF-8', 'username=a&password=%ff', code('MALFORMED_REQUEST')),
        form(
          'bytes that are no UTF-8',
          Buffer.from([...Buffer.from('username=a&password='), 0xff]),
          code('MALFORMED_REQUEST'),
        ),
        form('nothing', '', refused),
        ...NAUGHTY_STRINGS.flatMap((text) => [
          form(text, `username=a&password=${encodeURIComponent(text)}`, problemWith),
          form(text, `username=${encodeURIComponent(text)}&password=a`, problemWith),
          form(text, text, problemWith),
        ]),
      ];
      expect(await tryAll(stage, operation, tries)).toEqual([]);
    },
    60_000,
  );

  it.each(withoutBody)('$key, which takes none, answers it', async (operation) => {
    const bodies = ['{}', '[]', '{', '\0', '{"__proto__":1}', '['.repeat(60_000), `"${'x'.repeat(70_000)}"`];
    const tries = bodies.map((body) => whole(body, body, problemWith));
    expect(await tryAll(stage, operation, tries)).toEqual([]);
  });
});
