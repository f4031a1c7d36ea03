import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Actor } from '../support/api-client.js';
import { sendRaw } from '../support/raw-http.js';
import { startTestServer, type TestServer } from '../support/test-server.js';

let server: TestServer;
let alice: Actor;
beforeAll(async () => {
  server = await startTestServer({ env: { LOG_LEVEL: 'trace' } });
  alice = await server.signUp();
});
afterAll(() => server.close());

const FORGED = '{"level":"info","msg":"forged"}';

/** Each ends a line, moves the cursor or colours a terminal, or does so once it is decoded. */
const BREAKS: [string, string][] = [
  ['a line break', '\r\n'],
  ['a line feed', '\n'],
  ['a carriage return', '\r'],
  ['a vertical tab', '\v'],
  ['a form feed', '\f'],
  ['a NUL', '\0'],
  ['a next line', '\u0085'],
  ['a line separator', '\u2028'],
  ['a paragraph separator', '\u2029'],
  ['an escape sequence', '\x1b[2J\x1b[31m'],
  ['a control sequence of one byte', '\x9b31m'],
  ['backspaces', '\b\b\b\b'],
  ['a deletion', '\x7f'],
  ['an override of direction', '\u202e'],
];

/** Characters that end a line for some reader or act on a terminal. JSON has an escape for each. */
// eslint-disable-next-line no-control-regex -- these are what is looked for
const ACTING = /[\0-\x09\x0b-\x1f\x7f]/;

function expectLogOfWholeLines(from: number): void {
  const text = server.log().slice(from);
  const lines = text.split('\n').filter((line) => line !== '');
  expect(lines.length).toBeGreaterThan(0);
  for (const line of lines) {
    const parsed = JSON.parse(line) as { msg?: string };
    expect(parsed.msg).not.toBe('forged');
    expect(ACTING.test(line)).toBe(false);
  }
}

describe('whatever a caller sends, the log stays one JSON object a line', () => {
  it.each(BREAKS)('with %s in an address, encoded and raw', async (_, sign) => {
    const from = server.log().length;
    const encoded = encodeURIComponent(`x${sign}${FORGED}`);
    for (const path of [
      `/nowhere/${encoded}`,
      `/users/notes/${encoded}`,
      `/users/notes?q=${encoded}`,
      `/%zz${encoded}`,
    ])
      await server.as(alice).get(path);
    const bytes = Buffer.from(
      `GET /x${sign}${FORGED} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`,
    );
    await sendRaw(server.url, bytes);
    expectLogOfWholeLines(from);
  });

  it.each(BREAKS)('with %s in a header', async (_, sign) => {
    const from = server.log().length;
    for (const header of [
      'User-Agent',
      'X-Request-ID',
      'X-Forwarded-For',
      'Referer',
      'Authorization',
      'If-Match',
      'Origin',
    ]) {
      const bytes = `GET /users/info HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n${header}: x${sign}${FORGED}\r\n\r\n`;
      const answer = await sendRaw(server.url, Buffer.from(bytes));
      // Nothing that was sent comes to be a header of the answer.
      expect(JSON.stringify(answer?.headers ?? {})).not.toContain('forged');
      expect([400, 401]).toContain(answer?.status);
    }
    await server.api.get('/health');
    expectLogOfWholeLines(from);
  });

  it.each(BREAKS)('with %s in a body', async (_, sign) => {
    const from = server.log().length;
    const text = `x${sign}${FORGED}`;
    await server.api.post('/users/register', { name: text, email: 'a@example.com', password: 'short' });
    await server.api.post('/users/login', { username: text, password: text });
    await server.api.post('/users/login', { email: `${text}@example.com`, password: text });
    await server.as(alice).patch('/users', { name: text });
    await server.as(alice).post('/users/notes', { title: text, content: text, tags: [text] });
    await server.api.post('/users/login', { [text]: 1 });
    await server.api.post('/users/login', undefined, {
      rawBody: `{"email":"${text}`,
      headers: { 'content-type': 'application/json' },
    });
    expectLogOfWholeLines(from);
  });
});

describe('no header of an answer is made of what a caller sends, but for a fitting request id', () => {
  it.each(BREAKS)('with %s in it', async (_, sign) => {
    const encoded = encodeURIComponent(`x${sign}Set-Cookie: forged=1`);
    const paths = [
      `/${encoded}`,
      `/?${encoded}`,
      `/mc101docs/${encoded}`,
      `/users/notes/${encoded}?cursor=${encoded}`,
      `//${encoded}`,
    ];
    for (const path of paths) {
      const { headers } = await server.as(alice).get(path, { headers: { accept: 'text/html' } });
      expect(JSON.stringify([...headers])).not.toContain('forged');
    }
  });
});
