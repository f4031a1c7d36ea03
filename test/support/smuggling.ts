/** One way to disagree with a server about where a request ends. */
export interface Smuggling {
  name: string;
  /**
   * A bare line feed ends a line for some servers (RFC 9112 section 2.2 lets them). There, what is smuggled is a plain
   * second request of the same client, and harmless as long as every server behind sees it as one too.
   */
  isSecondRequestWhereLineFeedsEndLines?: boolean;
  /**
   * @param smuggled a whole request that nobody may take for one
   * @param path where the request goes that hides it
   */
  bytes: (host: string, smuggled: string, path?: string) => string;
}

const CRLF = '\r\n';
const LOGIN = '/users/login';

function post(path: string, host: string, headers: string[], body: string, version = 'HTTP/1.1'): string {
  const lines = [`POST ${path} ${version}`, `Host: ${host}`, 'Content-Type: application/json', ...headers];
  return `${lines.join(CRLF)}${CRLF}${CRLF}${body}`;
}

const chunked = (text: string) => `${text.length.toString(16)}${CRLF}${text}${CRLF}0${CRLF}${CRLF}`;

/** Ways to write Transfer-Encoding that one reader may follow and another pass over. */
const TRANSFER_ENCODINGS: [string, string][] = [
  ['plainly', 'Transfer-Encoding: chunked'],
  ['in capitals', 'TRANSFER-ENCODING: CHUNKED'],
  ['with a space before the colon', 'Transfer-Encoding : chunked'],
  ['with a tab before the value', 'Transfer-Encoding:\tchunked'],
  ['with a vertical tab before the value', 'Transfer-Encoding:\vchunked'],
  ['with a NUL after the value', 'Transfer-Encoding: chunked\0'],
  ['with a bell in the value', 'Transfer-Encoding: chun\x07ked'],
  ['with a letter before the value', 'Transfer-Encoding: xchunked'],
  ['in quotes', 'Transfer-Encoding: "chunked"'],
  ['with a parameter', 'Transfer-Encoding: chunked;q=1'],
  ['before identity', 'Transfer-Encoding: chunked, identity'],
  ['after identity', 'Transfer-Encoding: identity, chunked'],
  ['after gzip', 'Transfer-Encoding: gzip, chunked'],
  ['after nothing', 'Transfer-Encoding: , chunked'],
  ['twice', 'Transfer-Encoding: chunked, chunked'],
  ['as cow', 'Transfer-Encoding: cow'],
  ['as identity', 'Transfer-Encoding: identity'],
  ['as nothing', 'Transfer-Encoding:'],
  ['in a second line after identity', 'Transfer-Encoding: identity\r\nTransfer-Encoding: chunked'],
  ['in a first line before identity', 'Transfer-Encoding: chunked\r\nTransfer-Encoding: identity'],
  ['folded', 'Transfer-Encoding:\r\n chunked'],
  ['in a folded line of another header', 'X-Note: a\r\n Transfer-Encoding: chunked'],
  ['after a bare line feed', 'X-Note: a\nTransfer-Encoding: chunked'],
  ['after a bare carriage return', 'X-Note: a\rTransfer-Encoding: chunked'],
  ['with a line feed in its name', 'Transfer-Encoding\n: chunked'],
  ['with an underscore', 'Transfer_Encoding: chunked'],
  ['behind a space', ' Transfer-Encoding: chunked'],
  ['with a letter beyond ASCII', 'Transfer-Encoding: chunKed'],
];

const LENGTHS: [string, (length: number) => string][] = [
  ['zero, then right', (n) => `Content-Length: 0\r\nContent-Length: ${n}`],
  ['right, then zero', (n) => `Content-Length: ${n}\r\nContent-Length: 0`],
  ['in a list', (n) => `Content-Length: 0, ${n}`],
  ['in a list, right first', (n) => `Content-Length: ${n}, 0`],
  ['with a plus', (n) => `Content-Length: +${n}`],
  ['with a minus', (n) => `Content-Length: -${n}`],
  ['as minus zero', () => 'Content-Length: -0'],
  ['in hexadecimal', (n) => `Content-Length: 0x${n.toString(16)}`],
  ['with an exponent', (n) => `Content-Length: ${n}e0`],
  ['with a fraction', (n) => `Content-Length: ${n}.0`],
  ['in two words', (n) => `Content-Length: 0 ${n}`],
  ['with a NUL', (n) => `Content-Length: ${n}\0`],
  ['with a space before the colon', (n) => `Content-Length : ${n}`],
  ['past 64 bits', (n) => `Content-Length: ${2n ** 64n + BigInt(n)}`],
  ['that is empty', () => 'Content-Length:'],
  ['folded', (n) => `Content-Length:\r\n ${n}`],
];

/**
 * Requests whose end two servers could see in different places. Read rightly, what is smuggled is never a request: it
 * lies in a body, or all of it is malformed.
 */
export const SMUGGLINGS: Smuggling[] = [
  ...TRANSFER_ENCODINGS.map(([how, line]) => ({
    name: `a length that covers all, and Transfer-Encoding written ${how}`,
    bytes: (host: string, smuggled: string, path = LOGIN) => {
      const body = `0${CRLF}${CRLF}${smuggled}`;
      return post(path, host, [`Content-Length: ${body.length}`, line], body);
    },
  })),
  {
    name: 'a length that ends before the chunk does',
    bytes: (host, smuggled, path = LOGIN) => {
      const body = chunked(smuggled);
      return post(
        path,
        host,
        [`Content-Length: ${body.indexOf(CRLF) + 2}`, 'Transfer-Encoding: chunked'],
        body,
      );
    },
  },
  {
    name: 'chunks before the length',
    bytes: (host, smuggled, path = LOGIN) => {
      const body = `0${CRLF}${CRLF}${smuggled}`;
      return post(path, host, ['Transfer-Encoding: chunked', `Content-Length: ${body.length}`], body);
    },
  },
  {
    name: 'a length of zero and chunks',
    bytes: (host, smuggled, path = LOGIN) =>
      post(path, host, ['Content-Length: 0', 'Transfer-Encoding: chunked'], chunked(smuggled)),
  },
  {
    name: 'chunks in HTTP/1.0',
    bytes: (host, smuggled, path = LOGIN) => {
      const body = `0${CRLF}${CRLF}${smuggled}`;
      const headers = [
        'Connection: keep-alive',
        `Content-Length: ${body.length}`,
        'Transfer-Encoding: chunked',
      ];
      return post(path, host, headers, body, 'HTTP/1.0');
    },
  },
  ...LENGTHS.map(([how, line]) => ({
    name: `a length ${how}`,
    bytes: (host: string, smuggled: string, path = LOGIN) =>
      post(path, host, [line(smuggled.length)], smuggled),
  })),
  ...(
    [
      ['with an extension', (s) => `${s.length.toString(16)};a=b${CRLF}${s}${CRLF}0${CRLF}${CRLF}`],
      [
        'with a quoted extension',
        (s) => `${s.length.toString(16)};a="b"${CRLF}${s}${CRLF}0;c=d${CRLF}${CRLF}`,
      ],
      [
        'whose extension holds a bare line feed',
        (s) => `2;a\nxx${CRLF}${s.length.toString(16)}${CRLF}${s}${CRLF}0${CRLF}${CRLF}`,
      ],
      ['whose last extension holds a bare line feed', (s) => `0;a\n\n${s}`],
      ['whose size ends with a bare line feed', (s) => `0\n\n${s}`],
      ['whose size ends with a bare carriage return', (s) => `0\r\r${s}`],
      ['whose size has a sign', (s) => `+0${CRLF}${CRLF}${s}`],
      ['whose size has 0x', (s) => `0x0${CRLF}${CRLF}${s}`],
      ['whose size begins with a space', (s) => ` 0${CRLF}${CRLF}${s}`],
      ['whose size is no number', (s) => `g${CRLF}${CRLF}${s}`],
      ['whose size is empty', (s) => `${CRLF}${CRLF}${s}`],
      ['whose size is past 64 bits', (s) => `10000000000000000${CRLF}${CRLF}${s}`],
      ['whose data is longer than its size', (s) => `2${CRLF}xxxx0${CRLF}${CRLF}${s}`],
      ['whose data has no end of line', (s) => `2${CRLF}xx0${CRLF}${CRLF}${s}`],
    ] as [string, (smuggled: string) => string][]
  ).map(([how, body]) => ({
    name: `a chunk ${how}`,
    isSecondRequestWhereLineFeedsEndLines: how.endsWith('bare line feed'),
    bytes: (host: string, smuggled: string, path = LOGIN) =>
      post(path, host, ['Transfer-Encoding: chunked'], body(smuggled)),
  })),
  {
    name: 'a body where none is expected',
    bytes: (host, smuggled) =>
      `GET /health HTTP/1.1${CRLF}Host: ${host}${CRLF}Content-Length: ${smuggled.length}${CRLF}${CRLF}${smuggled}`,
  },
  {
    name: 'a chunked body where none is expected',
    bytes: (host, smuggled) =>
      `GET /health HTTP/1.1${CRLF}Host: ${host}${CRLF}Transfer-Encoding: chunked${CRLF}${CRLF}${chunked(smuggled)}`,
  },
  {
    name: 'a body that nobody reads, of a type that is refused',
    bytes: (host, smuggled, path = LOGIN) =>
      `POST ${path} HTTP/1.1${CRLF}Host: ${host}${CRLF}Content-Type: text/plain${CRLF}Content-Length: ${smuggled.length}${CRLF}${CRLF}${smuggled}`,
  },
  {
    name: 'a body that nobody reads, of a route that does not exist',
    bytes: (host, smuggled) =>
      `POST /nowhere HTTP/1.1${CRLF}Host: ${host}${CRLF}Content-Length: ${smuggled.length}${CRLF}${CRLF}${smuggled}`,
  },
  {
    name: 'a length that is named as a header of the connection',
    bytes: (host, smuggled, path = LOGIN) =>
      post(
        path,
        host,
        ['Connection: keep-alive, Content-Length', `Content-Length: ${smuggled.length}`],
        smuggled,
      ),
  },
  {
    name: 'an expectation',
    bytes: (host, smuggled, path = LOGIN) =>
      post(path, host, ['Expect: 100-continue', `Content-Length: ${smuggled.length}`], smuggled),
  },
  {
    name: 'an unknown expectation',
    bytes: (host, smuggled, path = LOGIN) =>
      post(path, host, ['Expect: 100-continue, x', `Content-Length: ${smuggled.length}`], smuggled),
  },
  {
    name: 'a change to HTTP/2',
    bytes: (host, smuggled, path = LOGIN) =>
      post(
        path,
        host,
        [
          'Connection: Upgrade, HTTP2-Settings',
          'Upgrade: h2c',
          'HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA',
          `Content-Length: ${smuggled.length}`,
        ],
        smuggled,
      ),
  },
  {
    name: 'a change to a web socket of no version',
    bytes: (host, smuggled, path = LOGIN) =>
      post(
        path,
        host,
        [
          'Connection: Upgrade',
          'Upgrade: websocket',
          'Sec-WebSocket-Version: 777',
          'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
          `Content-Length: ${smuggled.length}`,
        ],
        smuggled,
      ),
  },
];

/** The status of each answer in what a server sent; an interim one (1xx) is none. */
export function statusesIn(text: string): number[] {
  return [...text.matchAll(/^HTTP\/1\.[01] (\d{3})/gm)]
    .map(([, status]) => Number(status))
    .filter((s) => s >= 200 || s === 101);
}
