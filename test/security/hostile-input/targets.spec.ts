import { afterAll, describe, expect, it } from '@jest/globals';
import { problemWith } from './acceptable.js';
import { HOSTILE_STRINGS } from './naughty.js';
import type { RawAnswer } from './raw-client.js';
import { fillPath, Stage } from './stage.js';
import { tryAll, type Try } from './try-all.js';

const stage = await Stage.build();
afterAll(() => stage.close());

/** In a request target, percent-encoded. Half a surrogate pair has no such form. */
const ENCODED = HOSTILE_STRINGS.filter((text) => text.isWellFormed()).map(encodeURIComponent);

/** What no client library would send. */
const RAW = [
  '%00',
  'a%00b',
  '%ff',
  '%c3%28',
  '%ed%a0%80',
  '%f4%90%80%80',
  '%',
  '%zz',
  '%u0041',
  '..%2f..%2fetc%2fpasswd',
  '%2e%2e',
  '%252e',
  '\xe9',
  ';a=b',
  "'%20OR%201=1--",
];

const NO_IDS = [
  '0',
  '-1',
  '1.5',
  '1e3',
  '0x1',
  '01',
  '+70000',
  '%2070000',
  '70000%20',
  '70000%0a',
  '%EF%BC%91',
  'NaN',
  'null',
  'true',
  '9007199254740992',
  '9007199254740993',
  '9223372036854775808',
  '99999999999999999999999999',
];

const withPathFields = stage.operations.filter(({ pathFields }) => pathFields.length > 0);
const withQueryFields = stage.operations.filter(({ queryFields }) => queryFields.length > 0);

const refused = (answer: RawAnswer) =>
  answer.status < 300 ? `accepted: ${answer.text.slice(0, 100)}` : problemWith(answer);

describe('a hostile path', () => {
  it('has places to go to in the description of the API', () => {
    expect(withPathFields.length).toBeGreaterThan(8);
    expect(withQueryFields.length).toBeGreaterThan(4);
  });

  it.each(withPathFields)(
    '$key refuses in the error shape whatever is no id',
    async (operation) => {
      const tries = operation.pathFields.flatMap((field): Try[] =>
        // An empty segment makes another route's path.
        [...ENCODED, ...RAW, ...NO_IDS]
          .filter((value) => value !== '')
          .map((value) => ({
            where: field,
            what: value,
            spoil: ({ path }) => ({ target: fillPath(operation.path, { ...path, [field]: value }) }),
            judge: refused,
          })),
      );
      expect(await tryAll(stage, operation, tries)).toEqual([]);
    },
    60_000,
  );
});

describe('a hostile query', () => {
  it.each(withQueryFields)(
    '$key refuses it in the error shape or answers',
    async (operation) => {
      const tries = operation.queryFields.flatMap((field) => {
        const values = [...ENCODED, ...RAW, ...NO_IDS].map((value) => `${field}=${value}`);
        return [...values, field, `=${field}`].map((query) =>
          asTry(operation.path, field, query, problemWith),
        );
      });
      expect(await tryAll(stage, operation, tries)).toEqual([]);
    },
    60_000,
  );

  it.each(withQueryFields)('$key refuses a field that stands twice, nested or unknown', async (operation) => {
    const [field] = operation.queryFields;
    const queries = [
      ...operation.queryFields.map((name) => `${name}=1&${name}=2`),
      ...operation.queryFields.map((name) => `${name}[]=1`),
      ...operation.queryFields.map((name) => `${name}[constructor]=1`),
      'unknown=1',
      'hasOwnProperty=1',
      'toString=1',
      `${field!}%00=1`,
      Array.from({ length: 500 }, (_, index) => `f${index}=1`).join('&'),
    ];
    const tries = queries.map((query) => asTry(operation.path, 'query', query, refused));
    expect(await tryAll(stage, operation, tries)).toEqual([]);
  });

  it.each(stage.operations)(
    '$key is not changed by a query that reaches into prototypes',
    async (operation) => {
      const names = [
        '__proto__',
        '__proto__[role]',
        'constructor',
        'constructor[prototype][role]',
        'prototype',
      ];
      const tries = names.map((name) => asTry(operation.path, 'query', `${name}=admin`, problemWith));
      expect(await tryAll(stage, operation, tries)).toEqual([]);
      expect(Object.keys(Object.prototype)).toEqual([]);
      expect(({} as { role?: string }).role).toBeUndefined();
    },
  );

  it('longer than the service reads is refused in the error shape', async () => {
    const target = `/users/notes?q=${'x'.repeat(20_000)}`;
    const answer = await stage.raw.send({ method: 'GET', target });
    expect(problemWith(answer)).toBeUndefined();
    expect(answer.status).toBe(431);
  });
});

function asTry(
  path: string,
  where: string,
  query: string,
  judge: (answer: RawAnswer) => string | undefined,
): Try {
  return {
    where,
    what: query,
    spoil: (good) => ({ target: `${fillPath(path, good.path)}?${query}` }),
    judge,
  };
}
