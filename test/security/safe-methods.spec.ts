import { afterAll, describe, expect, it } from '@jest/globals';
import type { Operation } from '../support/operations.js';
import { fillPath, Stage } from './hostile-input/stage.js';

const stage = await Stage.build();
afterAll(() => stage.close());

const paths = [...new Set(stage.operations.map(({ path }) => path))];
const readable = stage.operations.filter(({ method }) => method === 'GET');

/** What every table holds, as one hash a table. */
async function contents(): Promise<Record<string, string>> {
  const { sql } = stage.server;
  const { rows } = await sql.query<{ name: string }>(
    `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
     WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1`,
  );
  const entries = await Promise.all(
    rows.map(async ({ name }) => {
      const { rows: found } = await sql.query<{ hash: string }>(
        `SELECT count(*) || ':' || coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '') AS hash FROM ${name} t`,
      );
      return [name, found[0]!.hash] as const;
    }),
  );
  return Object.fromEntries(entries);
}

/** A good request to this address by any of its methods: what a link or an image on another page could not even send. */
async function goodRequestTo(path: string) {
  const operation = stage.operations.find((one) => one.path === path)!;
  return { operation, good: await stage.goodRequest(operation, 0) };
}

describe('a safe method', () => {
  it.each(paths)('changes nothing at %s, whoever asks and whatever comes with it', async (path) => {
    const { operation, good } = await goodRequestTo(path);
    // Refused requests are recorded on purpose, beside what is asked for.
    const apart = (tables: Record<string, string>) =>
      Object.fromEntries(Object.entries(tables).filter(([name]) => !name.includes('.audit_')));
    const fields = Object.entries(good.body).map(
      ([name, value]) => `${name}=${encodeURIComponent(String(value))}`,
    );
    const before = apart(await contents());
    for (const method of ['GET', 'HEAD', 'OPTIONS']) {
      for (const version of ['', '/v1']) {
        const target = version + fillPath(path, good.path);
        for (const query of ['', `?${fields.join('&')}`, '?_method=DELETE&method=POST&action=delete']) {
          for (const headers of [
            {},
            { 'x-http-method-override': 'DELETE', 'x-http-method': 'DELETE' },
          ] as Record<string, string>[]) {
            const answer = await stage.send({ ...operation, method, bodyFields: undefined }, good, {
              target: target + query,
              headers,
            });
            expect(answer.status).toBeLessThan(500);
          }
        }
        // Some clients send a body with GET.
        const body = JSON.stringify({ ...good.body, _method: 'DELETE' });
        const answer = await stage.send({ ...operation, method }, good, { target, body });
        expect(answer.status).toBeLessThan(500);
      }
    }
    expect(apart(await contents())).toEqual(before);
  });

  it('would be seen to change something, if it did', async () => {
    const before = await contents();
    expect(Object.keys(before).length).toBeGreaterThan(8);
    const { operation, good } = await goodRequestTo('/users/notes');
    const post = { ...operation, method: 'POST' };
    await stage.send(post, good, { body: JSON.stringify({ title: 'a', content: 'b' }) });
    expect(await contents()).not.toEqual(before);
  });
});

describe('JSONP', () => {
  const NAMES = ['callback', 'jsonp', 'cb', '_callback', 'jsonpCallback', 'json_callback', 'format', 'alt'];

  it.each(readable)('is spoken nowhere: $key', async (operation: Operation) => {
    const good = await stage.goodRequest(operation, 0);
    const path = fillPath(operation.path, good.path);
    const plain = await stage.send(operation, good, { target: path });
    for (const name of NAMES) {
      for (const accept of ['*/*', 'text/javascript', 'application/javascript']) {
        const answer = await stage.send(operation, good, {
          target: `${path}?${name}=zq7fn`,
          headers: { accept },
        });
        expect(answer.text).not.toContain('zq7fn(');
        expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
        expect(answer.headers['x-content-type-options']).toBe('nosniff');
        expect(() => JSON.parse(answer.text) as unknown).not.toThrow();
        // Refused as an unknown field, or answered as if it were not there.
        if (answer.status !== 422) {
          expect(answer.status).toBe(plain.status);
          // What is read of the audit log stands in it, and so in the next answer.
          if (!readsTheAuditLog(operation.path))
            expect(withoutTimes(answer.text)).toEqual(withoutTimes(plain.text));
        }
      }
    }
  });

  it('would find no answer that a script could read: none is an array, and none begins as a statement', async () => {
    for (const operation of readable) {
      const good = await stage.goodRequest(operation, 0);
      const { text } = await stage.send({ ...operation }, { ...good, token: undefined });
      expect(JSON.parse(text)).toBeInstanceOf(Object);
      if (!operation.isPublic) expect(JSON.parse(text)).toMatchObject({ error: { code: 'UNAUTHENTICATED' } });
    }
  });
});

/** What differs from one answer to the next by itself. */
function withoutTimes(text: string): unknown {
  return JSON.parse(text, (name, value: unknown) =>
    ['since', 'request_id', 'detail'].includes(name) ? null : value,
  );
}

function readsTheAuditLog(path: string): boolean {
  return path.startsWith('/admin/audit') || path === '/users/audit' || path === '/users/export';
}
