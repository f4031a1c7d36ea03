import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Operation } from '../support/operations.js';
import { fillPath, Stage } from './hostile-input/stage.js';
import { tryAll, type Try } from './hostile-input/try-all.js';

/** Stands in every hostile value, and in nothing that the service writes itself. */
const MARK = 'zq7injected';

/** The text of every statement that the service has sent to PostgreSQL. */
const statements = new Set<string>();

const prototype = pg.Client.prototype as unknown as { query: (...args: unknown[]) => unknown };
const { query } = prototype;
prototype.query = function (this: unknown, ...args: unknown[]) {
  const [first] = args;
  const text = typeof first === 'string' ? first : (first as { text?: string } | undefined)?.text;
  if (text !== undefined) statements.add(text);
  return query.apply(this, args);
};

const stage = await Stage.build();
afterAll(async () => {
  prototype.query = query;
  await stage.close();
});

const PAYLOADS = [
  `' OR '1'='1' -- ${MARK}`,
  `" OR "1"="1" -- ${MARK}`,
  `1 OR 1=1 -- ${MARK}`,
  `1; DROP TABLE users; -- ${MARK}`,
  `'; SELECT pg_sleep(10); -- ${MARK}`,
  `1 AND (SELECT 1 FROM pg_sleep(10)) -- ${MARK}`,
  `') UNION SELECT password_hash FROM users -- ${MARK}`,
  `id DESC; -- ${MARK}`,
  `(CASE WHEN 1=1 THEN id ELSE name END) /* ${MARK} */`,
  `${MARK}\\'; --`,
  `$1 ${MARK}`,
  `$$${MARK}$$`,
  `%${MARK}%_`,
  `E'\\x27' ${MARK}`,
  `\u02bc OR 1=1 ${MARK}`,
  `{"$gt":"${MARK}"}`,
];

const withQuery = stage.operations.filter(({ queryFields }) => queryFields.length > 0);
const withPath = stage.operations.filter(({ pathFields }) => pathFields.length > 0);
const withBody = stage.operations.filter(({ bodyFields }) => bodyFields !== undefined);
const withCursor = withQuery.filter(({ queryFields }) => queryFields.includes('cursor'));

/** No statement was ever made of what a caller says; values go beside it. */
function expectNothingInjected(): void {
  expect([...statements].filter((text) => text.includes(MARK) || /pg_sleep|DROP TABLE/i.test(text))).toEqual(
    [],
  );
}

function asQuery(operation: Operation, text: string): Try {
  return {
    where: 'query',
    what: text,
    spoil: ({ path }) => ({ target: `${fillPath(operation.path, path)}?${text}` }),
  };
}

let users: number;
const countUsers = async () => {
  const { rows } = await stage.server.sql.query<{ count: number }>('SELECT count(*) FROM users');
  return rows[0]!.count;
};

beforeAll(async () => {
  users = await countUsers();
});

describe('SQL', () => {
  it('would be seen here if it came from a caller, and there are places to try', async () => {
    expect(withQuery.length).toBeGreaterThan(4);
    expect(withPath.length).toBeGreaterThan(8);
    expect(withCursor.length).toBeGreaterThan(1);
    const client = new pg.Client(stage.server.database.urls.owner);
    await client.connect();
    await client.query(`SELECT 1 -- ${MARK} of the test itself`);
    await client.end();
    expect([...statements].filter((text) => text.includes(MARK))).toHaveLength(1);
    expect([...statements].some((text) => /FROM "?users/i.test(text))).toBe(true);
    statements.clear();
  });

  it.each(withQuery)('in a filter, a limit or a cursor stays a value: $key', async (operation) => {
    const tries = operation.queryFields.flatMap((field) =>
      PAYLOADS.map((payload) => asQuery(operation, `${field}=${encodeURIComponent(payload)}`)),
    );
    for (const field of ['sort', 'order', 'order_by', 'fields', 'offset'])
      tries.push(asQuery(operation, `${field}=${encodeURIComponent(PAYLOADS[7]!)}`));
    expect(await tryAll(stage, operation, tries)).toEqual([]);
    expectNothingInjected();
  });

  it.each(withPath)('in an address stays a value: $key', async (operation) => {
    const tries = operation.pathFields.flatMap((field) =>
      PAYLOADS.map((payload): Try => ({
        where: field,
        what: payload,
        spoil: ({ path }) => ({
          target: fillPath(operation.path, { ...path, [field]: encodeURIComponent(payload) }),
        }),
      })),
    );
    expect(await tryAll(stage, operation, tries)).toEqual([]);
    expectNothingInjected();
  });

  it.each(withBody)(
    'in a body stays a value: $key',
    async (operation) => {
      const tries = operation.bodyFields!.flatMap((field) =>
        PAYLOADS.map((payload): Try => ({
          where: field,
          what: payload,
          spoil: ({ body }) => ({ body: JSON.stringify({ ...body, [field]: payload }) }),
        })),
      );
      expect(await tryAll(stage, operation, tries)).toEqual([]);
      expectNothingInjected();
    },
    60_000,
  );

  it.each(withCursor)('in a cursor that was made by hand is refused: $key', async (operation) => {
    const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const cursors = [
      ...PAYLOADS.map((payload) => encode([payload])),
      ...PAYLOADS.map((payload) => encode([payload, payload])),
      encode([{ $gt: 0 }]),
      encode([[1]]),
      encode({ id: 1 }),
      encode([1, 2, 3, 4, 5]),
      encode(null),
      encode([null]),
      encode([1.5]),
      encode([2 ** 60]),
      encode('1'),
      '[1]',
      'AAAA',
    ];
    const tries = cursors.map((cursor): Try => ({
      ...asQuery(operation, `cursor=${encodeURIComponent(cursor)}`),
      judge: ({ status, text }) => (status === 422 ? undefined : `${status}: ${text.slice(0, 100)}`),
    }));
    expect(await tryAll(stage, operation, tries)).toEqual([]);
    expectNothingInjected();
  });

  it('has taken nothing away', async () => {
    expect(await countUsers()).toBeGreaterThanOrEqual(users);
  });
});
