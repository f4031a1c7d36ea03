import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import tls from 'node:tls';
import { SMUGGLINGS, statusesIn } from '../support/smuggling.js';
import { Deployment } from './deployment.js';
import type { HttpsClient, Site } from './https-client.js';
import { SERVER_NAME } from './nginx.js';
import { sendHttp2, type Field } from './raw-http2.js';

let site: Deployment;
let address: Site;
let neighbour: HttpsClient;
let counter = 0;

beforeAll(async () => {
  site = await Deployment.start();
  address = { name: SERVER_NAME, port: site.nginx.httpsPort, certificate: site.nginx.certificate };
  neighbour = site.clientAt('127.0.0.9');
});
afterAll(() => site.close());

/** After which a client that got no answer hangs up. */
const PATIENCE_MS = 1_500;

/** Writes these bytes and reads until the server closes; hangs up once there are answers enough, or none more in time. */
function exchange(bytes: string, answers = 1): Promise<string> {
  return new Promise((resolve, reject) => {
    const { name, port, certificate } = address;
    const socket = tls.connect({ host: '127.0.0.1', port, servername: name, ca: certificate }, () =>
      socket.write(bytes, 'latin1'),
    );
    let text = '';
    const hangUp = setTimeout(() => socket.end(), PATIENCE_MS);
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      text += chunk;
      if (text.split(/"request_id":"[^"]*"\}\}|"status":"ok"/).length > answers) socket.end();
    });
    // A server that has hung up resets what is still on its way to it.
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ECONNRESET') reject(error);
    });
    socket.once('close', () => {
      clearTimeout(hangUp);
      resolve(text);
    });
  });
}

/** A request of its own, and the address that no log may ever show. */
function contraband(): { id: string; path: string; request: string } {
  counter += 1;
  const id = `smuggled-${counter}`;
  const path = `/${id}`;
  return {
    id,
    path,
    request: `GET ${path} HTTP/1.1\r\nHost: ${SERVER_NAME}\r\nX-Request-ID: ${id}\r\nX-Rest: x\r\n\r\n`,
  };
}

/** Whoever comes next, over every connection that nginx keeps to the app, gets the answer to their own request. */
async function expectNeighboursWell(): Promise<void> {
  const ids = Array.from({ length: 6 }, (_, n) => `neighbour-${counter}-${n}`);
  const answers = await Promise.all(
    ids.map((id) => neighbour.get(`/nowhere/${id}`, { headers: { 'x-request-id': id } })),
  );
  expect(answers.map(({ status, body }) => [status, body.error.request_id as unknown])).toEqual(
    ids.map((id) => [404, id]),
  );
  for (const id of ids) expect(await site.appLineOf(id)).toMatchObject({ path: `/nowhere/${id}` });
}

/** A request of this address was never served: what bodies hold is in no log, so any word of it is a request. */
function expectNeverServed(path: string): void {
  expect({ path, served: (site.nginx.log + site.appLog).includes(path) }).toEqual({ path, served: false });
}

it('a request that is sent plainly behind another is served, so a smuggled one would show', async () => {
  const { path, request, id } = contraband();
  await exchange(`GET /health HTTP/1.1\r\nHost: ${SERVER_NAME}\r\n\r\n${request}`, 2);
  expect(await site.appLineOf(id)).toMatchObject({ path });
  expect(await site.nginx.lineOf(id)).toMatchObject({ path });
});

describe('over HTTP/1.1 no request is smuggled past nginx', () => {
  it.each(SMUGGLINGS)('by $name', async ({ bytes, isSecondRequestWhereLineFeedsEndLines }) => {
    // Bodies of the roll are streamed through, all others are read by nginx first.
    for (const way of ['/users/login', '/admin/elections/1/roll']) {
      const { path, request, id } = contraband();
      const answers = isSecondRequestWhereLineFeedsEndLines ? 2 : 1;
      const statuses = statusesIn(await exchange(bytes(SERVER_NAME, request, way), answers));
      expect(statuses).not.toContain(101);
      await expectNeighboursWell();
      if (isSecondRequestWhereLineFeedsEndLines && site.nginx.log.includes(path)) {
        // nginx saw it as one too, and named it to the app as one.
        expect(await site.nginx.lineOf(id)).toMatchObject({ method: 'GET', path });
        expect(await site.appLineOf(id)).toMatchObject({ method: 'GET', path, status_code: 404 });
      } else {
        expect(statuses.length).toBeLessThanOrEqual(1);
        expectNeverServed(path);
      }
    }
  });

  it('by an address that names another host than the header', async () => {
    const { path } = contraband();
    const text = await exchange(
      `GET https://evil.example${path} HTTP/1.1\r\nHost: ${SERVER_NAME}\r\nConnection: close\r\n\r\n`,
    );
    expect(statusesIn(text)).toEqual([421]);
    expect(site.appLog).not.toContain(path);
  });
});

describe('over HTTP/2 no request is smuggled past nginx', () => {
  const plain = (path: string): Field[] => [
    [':method', 'GET'],
    [':scheme', 'https'],
    [':path', path],
    [':authority', SERVER_NAME],
  ];
  const login: Field[] = [
    [':method', 'POST'],
    [':scheme', 'https'],
    [':path', '/users/login'],
    [':authority', SERVER_NAME],
    ['content-type', 'application/json'],
  ];

  it('where a plain request is served, so that these refusals are not of the tool', async () => {
    const { id, path } = contraband();
    expect(await sendHttp2(address, [...plain(path), ['x-request-id', id]])).toBe('answered');
    expect(await site.appLineOf(id)).toMatchObject({ path });
    const posted: Field[] = [...login, ['x-request-id', `${id}-post`], ['content-length', '2']];
    expect(await sendHttp2(address, posted, '{}')).toBe('answered');
    expect(await site.appLineOf(`${id}-post`)).toMatchObject({ path: '/users/login', status_code: 422 });
  });

  it.each([
    [
      'a length that is too short',
      (smuggled: string): [Field[], string] => [[['content-length', '0']], smuggled],
    ],
    [
      'a length that is too long',
      (smuggled: string): [Field[], string] => [[['content-length', String(smuggled.length + 5)]], smuggled],
    ],
    [
      'two lengths',
      (smuggled: string): [Field[], string] => [
        [
          ['content-length', '0'],
          ['content-length', String(smuggled.length)],
        ],
        smuggled,
      ],
    ],
    [
      'a length that is no number',
      (smuggled: string): [Field[], string] => [[['content-length', `0, ${smuggled.length}`]], smuggled],
    ],
  ])('a body of %s reaches no process of the app', async (_, make) => {
    const { id, path, request } = contraband();
    const [fields, data] = make(request);
    await sendHttp2(address, [...login, ['x-request-id', id], ...fields], data);
    await expectNeighboursWell();
    expect(site.appLog).not.toContain(id);
    expectNeverServed(`"path":"${path}`);
  });

  it.each([
    ['chunks', (): Field[] => [['transfer-encoding', 'chunked']]],
    ['chunks that are oddly written', (): Field[] => [['transfer-encoding', 'chunked, identity']]],
    ['a header of the connection', (): Field[] => [['connection', 'keep-alive, x-request-id']]],
    [
      'an upgrade',
      (): Field[] => [
        ['upgrade', 'h2c'],
        ['connection', 'upgrade'],
      ],
    ],
    ['a line break in a value', (smuggled: string): Field[] => [['x-note', `a\r\n\r\n${smuggled}`]]],
    [
      'a line feed in a value',
      (smuggled: string): Field[] => [['x-note', `a\n\n${smuggled.replaceAll('\r', '')}`]],
    ],
    ['a carriage return in a value', (): Field[] => [['x-note', 'a\rTransfer-Encoding: chunked']]],
    ['a NUL in a value', (): Field[] => [['x-note', 'a\0b']]],
    ['a line break in a name', (smuggled: string): Field[] => [[`x-note: a\r\n\r\n${smuggled}`, 'b']]],
    ['a colon in a name', (): Field[] => [['transfer-encoding: chunked', 'x']]],
    ['a space in a name', (): Field[] => [['transfer-encoding ', 'chunked']]],
    ['capitals in a name', (): Field[] => [['Transfer-Encoding', 'chunked']]],
  ])('by %s', async (_, fields) => {
    const { path, request } = contraband();
    await sendHttp2(address, [...login, ...fields(request)], `0\r\n\r\n${request}`);
    await expectNeighboursWell();
    expectNeverServed(path);
  });

  it.each([
    [
      'a line break in the path',
      (p: string) => ({ ':path': `/health HTTP/1.1\r\nHost: ${SERVER_NAME}\r\n\r\nGET ${p}` }),
    ],
    ['a line break in the method', (p: string) => ({ ':method': `GET /health HTTP/1.1\r\n\r\nGET ${p}` })],
    ['a space in the method', (p: string) => ({ ':method': `GET ${p} HTTP/1.1 ` })],
    [
      'a line break in the host',
      (p: string) => ({ ':authority': `${SERVER_NAME}\r\n\r\nGET ${p} HTTP/1.1` }),
    ],
    ['a line break in the scheme', (p: string) => ({ ':scheme': `https\r\n\r\nGET ${p} HTTP/1.1` })],
  ])('by %s', async (_, change) => {
    const { path } = contraband();
    const fields = Object.entries({ ...Object.fromEntries(plain('/health')), ...change(path) });
    await sendHttp2(address, fields);
    await expectNeighboursWell();
    expect(site.appLog).not.toContain(path);
  });

  it.each([
    ['another host in the header', (p: string): Field[] => [...plain(p), ['host', 'evil.example']]],
    ['two paths', (p: string): Field[] => [...plain('/health'), [':path', p]]],
    [
      'a path after the headers',
      (p: string): Field[] => [...plain('/health'), ['x-note', 'a'], [':path', p]],
    ],
    ['no path', (p: string): Field[] => plain(p).filter(([name]) => name !== ':path')],
    ['an empty path', (): Field[] => plain('')],
    ['a field of its own kind', (p: string): Field[] => [[':status', '200'], ...plain(p)]],
    [
      'another host',
      (p: string): Field[] => plain(p).map(([n, v]) => [n, n === ':authority' ? 'evil.example' : v]),
    ],
  ])('a request with %s reaches no process of the app', async (_, fields) => {
    const { id, path } = contraband();
    await sendHttp2(address, [...fields(path), ['x-request-id', id]]);
    await expectNeighboursWell();
    expect(site.appLog).not.toContain(id);
  });
});
