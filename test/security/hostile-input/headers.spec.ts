import net from 'node:net';
import { afterAll, describe, expect, it } from '@jest/globals';
import { problemWith } from './acceptable.js';
import { HOSTILE_STRINGS } from './naughty.js';
import type { RawAnswer } from './raw-client.js';
import { Stage } from './stage.js';
import { tryAll, type Try } from './try-all.js';

const stage = await Stage.build();
afterAll(() => stage.close());

/** As bytes of UTF-8, which is what most clients make of text in a header. Control characters have a test of their own. */
const HEADER_VALUES = [
  ...HOSTILE_STRINGS.map((text) => Buffer.from(text, 'utf8').toString('latin1')).filter((value) =>
    /^[\t\x20-\x7e\x80-\xff]*$/.test(value),
  ),
  '\x80\xff',
  ','.repeat(5_000),
  '"'.repeat(5_000),
];

const documented = stage.operations.flatMap((operation) =>
  operation.headerFields.map((header) => ({ key: operation.key, operation, header })),
);
const guarded = stage.operations.filter(({ isPublic, takesCookies }) => !isPublic && !takesCookies);

const REQUEST_ID = /^[A-Za-z0-9._-]{1,128}$/;

function tryHeader(header: string, value: string, judge?: (answer: RawAnswer) => string | undefined): Try {
  return {
    where: header,
    what: value,
    spoil: () => ({ headers: { [header.toLowerCase()]: value } }),
    judge,
  };
}

const unauthenticated = (answer: RawAnswer) =>
  answer.status === 401 && answer.headers['www-authenticate'] === 'Bearer'
    ? problemWith(answer)
    : `status ${answer.status}: ${answer.text.slice(0, 100)}`;

describe('a hostile header', () => {
  it('has places to go to in the description of the API', () => {
    expect(documented.map(({ header }) => header)).toEqual(
      expect.arrayContaining(['X-Note-Password', 'If-Match']),
    );
  });

  it.each(documented)(
    '$key refuses a hostile $header in the error shape or passes over it',
    async ({ operation, header }) => {
      const tries = HEADER_VALUES.map((value) => tryHeader(header, value));
      expect(await tryAll(stage, operation, tries)).toEqual([]);
    },
    60_000,
  );

  it('GET /users/info takes nothing but a token for a token', async () => {
    const info = stage.operations.find(({ key }) => key === 'GET /users/info')!;
    const tries = HEADER_VALUES.flatMap((value) => [
      tryHeader('Authorization', value, unauthenticated),
      tryHeader('Authorization', `Bearer ${value}`, unauthenticated),
    ]);
    expect(await tryAll(stage, info, tries)).toEqual([]);
  }, 60_000);

  it.each(guarded)('$key refuses tokens that are none', async (operation) => {
    const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const tokens = [
      '',
      'Bearer',
      'Bearer ',
      'Bearer a.b.c',
      `Bearer ${part({ alg: 'none', typ: 'at+jwt', kid: 'k1' })}.${part({ sub: '70000' })}.`,
      `Bearer ${part({ alg: 'HS256', kid: '__proto__' })}.${part({ sub: '70000' })}.AAAA`,
      `Bearer ${part({ alg: 'HS256', kid: ['k1'] })}.${part({ sub: { $gt: 0 } })}.AAAA`,
      `Bearer ${part(null)}.${part(null)}.`,
      `Bearer ${'.'.repeat(4_000)}`,
      `Basic ${Buffer.from('admin:admin').toString('base64')}`,
    ];
    const tries = tokens.map((token) => tryHeader('Authorization', token, unauthenticated));
    expect(await tryAll(stage, operation, tries)).toEqual([]);
  });

  it('never becomes the request id unless it can be one', async () => {
    const health = stage.operations.find(({ key }) => key === 'GET /health')!;
    const tries = HEADER_VALUES.map((value) =>
      tryHeader('X-Request-ID', value, ({ headers }) => {
        const sent = value.trim();
        const given = String(headers['x-request-id']);
        if (REQUEST_ID.test(sent)) return given === sent ? undefined : `answered ${given}`;
        return /^[0-9a-f]{8}-[0-9a-f-]{27}$/.test(given) ? undefined : `answered ${given}`;
      }),
    );
    expect(await tryAll(stage, health, tries)).toEqual([]);
  });

  it.each(stage.operations)(
    '$key answers hostile X-Request-ID, Accept, Origin, Cookie and User-Agent',
    async (operation) => {
      const values = [
        '',
        '\xff\xfe',
        "'; DROP TABLE users; --",
        '{"$ne":1}',
        'x'.repeat(6_000),
        '<script>',
        '__proto__=1',
      ];
      const tries = [
        'X-Request-ID',
        'Accept',
        'Accept-Encoding',
        'Origin',
        'Cookie',
        'User-Agent',
        'X-Forwarded-For',
        'X-HTTP-Method-Override',
      ].flatMap((header) => values.map((value) => tryHeader(header, value)));
      expect(await tryAll(stage, operation, tries)).toEqual([]);
    },
  );

  it.each([
    ['a NUL', 'X-Note-Password: a\0b'],
    ['a bare line feed', 'X-Note-Password: a\nb'],
    ['a bell', 'X-Request-ID: a\x07b'],
    ['a name with a space', 'X Note: b'],
    ['two lengths', 'Content-Length: 1\r\nContent-Length: 2'],
    ['a length and chunks', 'Content-Length: 1\r\nTransfer-Encoding: chunked'],
    ['a negative length', 'Content-Length: -1'],
    ['no end', `X-Note-Password: ${'x'.repeat(40_000)}`],
  ])('with %s is refused in the error shape', async (_, line) => {
    const answer = await sendBytes(`GET /users/info HTTP/1.1\r\nHost: localhost\r\n${line}\r\n\r\n`);
    expect(answer.status === 400 || answer.status === 431).toBe(true);
    expect(problemWith(answer)).toBeUndefined();
  });
});

/** Writes these very bytes to the service and reads until it closes the connection. */
function sendBytes(bytes: string): Promise<RawAnswer> {
  const { hostname, port } = new URL(stage.server.url);
  return new Promise((resolve, reject) => {
    const socket = net.connect(Number(port), hostname, () => socket.write(bytes, 'latin1'));
    const chunks: Buffer[] = [];
    socket.setTimeout(10_000, () => socket.destroy(new Error('no answer in time')));
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('error', reject);
    socket.on('close', () => {
      const [head = '', ...rest] = Buffer.concat(chunks).toString('utf8').split('\r\n\r\n');
      const [statusLine = '', ...lines] = head.split('\r\n');
      const headers = Object.fromEntries(
        lines.map((line) => [
          line.slice(0, line.indexOf(':')).toLowerCase(),
          line.slice(line.indexOf(':') + 1).trim(),
        ]),
      );
      resolve({ status: Number(statusLine.split(' ')[1]), headers, text: rest.join('\r\n\r\n') });
    });
  });
}
