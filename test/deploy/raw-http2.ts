import tls from 'node:tls';
import type { Site } from './https-client.js';

const HEADERS = 1;
const RST_STREAM = 3;
const GOAWAY = 7;
const DATA = 0;
const END_STREAM = 1;
const END_HEADERS = 4;
const FRAME_HEAD = 9;

function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(FRAME_HEAD);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** A string of HPACK (RFC 7541 section 5.2), not compressed. */
function literal(text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1');
  if (bytes.length < 127) return Buffer.concat([Buffer.from([bytes.length]), bytes]);
  const rest = bytes.length - 127;
  if (rest > 16_383) throw new RangeError('This writer knows no longer strings.');
  return Buffer.concat([Buffer.from([127, (rest & 127) | 128, rest >> 7]), bytes]);
}

export type Field = [name: string, value: string];

/**
 * Sends one request over HTTP/2 whose fields and data are these to the letter, for what no client would send, and reads
 * until the stream or the connection has ended.
 * @returns how it ended: with an answer, or with the stream or the connection given up
 */
export function sendHttp2(
  { name, port, certificate }: Site,
  fields: Field[],
  data?: string,
): Promise<'answered' | 'refused'> {
  const block = Buffer.concat(
    fields.map(([field, value]) => Buffer.concat([Buffer.from([0]), literal(field), literal(value)])),
  );
  const frames = [
    Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
    frame(4, 0, 0, Buffer.alloc(0)),
    frame(HEADERS, END_HEADERS | (data === undefined ? END_STREAM : 0), 1, block),
    ...(data === undefined ? [] : [frame(DATA, END_STREAM, 1, Buffer.from(data, 'latin1'))]),
  ];
  return new Promise((resolve, reject) => {
    const socket = tls.connect(
      { host: '127.0.0.1', port, servername: name, ca: certificate, ALPNProtocols: ['h2'] },
      () => socket.write(Buffer.concat(frames)),
    );
    let buffered = Buffer.alloc(0);
    let isAnswered = false;
    socket.on('data', (chunk: Buffer) => {
      buffered = Buffer.concat([buffered, chunk]);
      while (buffered.length >= FRAME_HEAD) {
        const length = buffered.readUIntBE(0, 3);
        if (buffered.length < FRAME_HEAD + length) return;
        const [type, flags, stream] = [buffered[3]!, buffered[4]!, buffered.readUInt32BE(5)];
        buffered = buffered.subarray(FRAME_HEAD + length);
        if (type === HEADERS && stream === 1) isAnswered = true;
        const isOver =
          stream === 1 &&
          (type === RST_STREAM || ((type === HEADERS || type === DATA) && flags & END_STREAM));
        if (isOver || type === GOAWAY) socket.end();
      }
    });
    socket.once('error', reject);
    socket.once('close', () => {
      resolve(isAnswered ? 'answered' : 'refused');
    });
  });
}
