import { isIPv4 } from 'node:net';

type Value = string | number | bigint | Value[] | { [name: string]: Value };

const SEPARATOR_BYTES = 16;
const MARKER = Buffer.from('abcdef4d61784d696e642e636f6d', 'hex');

/**
 * A file of places as operators buy them.
 * @param records by CIDR
 * @see https://maxmind.github.io/MaxMind-DB/
 */
export function placeDatabase(records: Record<string, Value>, databaseType = 'GeoLite2-City'): Buffer {
  const data: Buffer[] = [];
  // Of each node the records of its two branches: another node, something of the data, or nothing.
  const nodes: [number | Buffer | undefined, number | Buffer | undefined][] = [[undefined, undefined]];
  for (const [cidr, record] of Object.entries(records)) {
    const bits = bitsOf(cidr);
    const last = bits.pop()!;
    let node = 0;
    for (const bit of bits) {
      const next = nodes[node]![bit];
      if (typeof next === 'number') node = next;
      else {
        nodes.push([undefined, undefined]);
        nodes[node]![bit] = nodes.length - 1;
        node = nodes.length - 1;
      }
    }
    const encoded = encode(record);
    nodes[node]![last] = encoded;
    data.push(encoded);
  }
  const valueOf = (branch: number | Buffer | undefined) => {
    if (branch === undefined) return nodes.length;
    if (typeof branch === 'number') return branch;
    const before = data.slice(0, data.indexOf(branch));
    return nodes.length + SEPARATOR_BYTES + Buffer.concat(before).length;
  };
  const tree = Buffer.alloc(nodes.length * 6);
  nodes.forEach(([zero, one], index) => {
    tree.writeUIntBE(valueOf(zero), index * 6, 3);
    tree.writeUIntBE(valueOf(one), index * 6 + 3, 3);
  });
  const metadata = {
    binary_format_major_version: 2,
    binary_format_minor_version: 0,
    build_epoch: 1_767_225_600n,
    database_type: databaseType,
    description: { en: 'Of a test' },
    ip_version: 6,
    languages: ['en'],
    node_count: nodes.length,
    record_size: 24,
  };
  return Buffer.concat([tree, Buffer.alloc(SEPARATOR_BYTES), ...data, MARKER, encode(metadata)]);
}

/** IPv4 lies under ::/96. */
function bitsOf(cidr: string): (0 | 1)[] {
  const [address = '', length = ''] = cidr.split('/');
  const bytes = isIPv4(address)
    ? [...new Array<number>(12).fill(0), ...address.split('.').map(Number)]
    : bytesOfIPv6(address);
  const bits = bytes.flatMap((byte) =>
    [7, 6, 5, 4, 3, 2, 1, 0].map((place) => ((byte >> place) & 1 ? 1 : 0)),
  );
  return bits.slice(0, Number(length) + (isIPv4(address) ? 96 : 0));
}

function bytesOfIPv6(address: string): number[] {
  const [head = '', tail = ''] = address.split('::');
  const groups = (text: string) => text.split(':').filter((group) => group !== '');
  const missing = 8 - groups(head).length - groups(tail).length;
  const all = [...groups(head), ...new Array<string>(missing).fill('0'), ...groups(tail)];
  return all.map((group) => Number.parseInt(group, 16)).flatMap((group) => [group >> 8, group & 255]);
}

const [STRING, UINT32, MAP, UINT64, ARRAY] = [2, 6, 7, 9, 11];

function encode(value: Value): Buffer {
  if (typeof value === 'string')
    return Buffer.concat([control(STRING, Buffer.byteLength(value)), Buffer.from(value)]);
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return Buffer.concat([control(UINT32, 4), bytes]);
  }
  if (typeof value === 'bigint') {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64BE(value);
    return Buffer.concat([control(UINT64, 8), bytes]);
  }
  if (Array.isArray(value)) return Buffer.concat([control(ARRAY, value.length), ...value.map(encode)]);
  const entries = Object.entries(value);
  return Buffer.concat([
    control(MAP, entries.length),
    ...entries.flatMap(([name, inner]) => [encode(name), encode(inner)]),
  ]);
}

/** Type and size before a value; types past 7 stand in a byte of their own. */
function control(type: number, size: number): Buffer {
  const [first, more] = size < 29 ? [size, []] : [29, [size - 29]];
  return Buffer.from(type > 7 ? [first, type - 7, ...more] : [(type << 5) | first, ...more]);
}
