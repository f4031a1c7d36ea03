/**
 * Reads a QR code as a phone does (ISO/IEC 18004), from modules that are all clear: error correction is passed over. Of
 * text in bytes, in versions 5 to 12 at level M, which is what a URL of an authenticator app makes.
 */

type Modules = readonly (readonly boolean[])[];

/** Table 9, level M: how many codewords of data each block has. */
const BLOCKS: Partial<Record<number, readonly number[]>> = {
  5: [43, 43],
  6: [27, 27, 27, 27],
  7: [31, 31, 31, 31],
  8: [38, 38, 39, 39],
  9: [36, 36, 36, 37, 37],
  10: [43, 43, 43, 43, 44],
  11: [50, 51, 51, 51, 51],
  12: [36, 36, 36, 36, 36, 36, 37, 37],
};

/** Annex E: rows and columns of the centres of alignment patterns. */
const ALIGNMENTS: Partial<Record<number, readonly number[]>> = {
  5: [6, 30],
  6: [6, 34],
  7: [6, 22, 38],
  8: [6, 24, 42],
  9: [6, 26, 46],
  10: [6, 28, 50],
  11: [6, 30, 54],
  12: [6, 32, 58],
};

/** Table 10: whether a mask turns a module over. */
const MASKS: readonly ((row: number, column: number) => boolean)[] = [
  (row, column) => (row + column) % 2 === 0,
  (row) => row % 2 === 0,
  (_, column) => column % 3 === 0,
  (row, column) => (row + column) % 3 === 0,
  (row, column) => (Math.floor(row / 2) + Math.floor(column / 3)) % 2 === 0,
  (row, column) => ((row * column) % 2) + ((row * column) % 3) === 0,
  (row, column) => (((row * column) % 2) + ((row * column) % 3)) % 2 === 0,
  (row, column) => (((row + column) % 2) + ((row * column) % 3)) % 2 === 0,
];

/** Table C.1: the pattern that keeps the format information from being all zeros. */
const FORMAT_MASK = 0b101_0100_0001_0010;
const LEVEL_M = 0b00;
const BYTES = 0b0100;

/** @param svg one path of black squares on a white ground, as the service draws it @throws where it is no code */
export function readQrCode(svg: string): string {
  return readText(modulesOf(svg));
}

function modulesOf(svg: string): Modules {
  const squares = [...svg.matchAll(/M(\d+),(\d+)h(\d+)v\3h-\3z/g)].map(([, x, y, side]) => ({
    column: Number(x) / Number(side),
    row: Number(y) / Number(side),
  }));
  // The finder patterns reach into three corners, so that black begins where the quiet zone ends.
  const first = Math.min(...squares.map(({ row }) => row));
  const size = Math.max(...squares.map(({ row }) => row)) - first + 1;
  const black = new Set(squares.map(({ row, column }) => `${row - first} ${column - first}`));
  return Array.from({ length: size }, (_, row) =>
    Array.from({ length: size }, (_, column) => black.has(`${row} ${column}`)),
  );
}

function readText(modules: Modules): string {
  const version = (modules.length - 17) / 4;
  const blocks = BLOCKS[version];
  const { level, mask } = formatOf(modules);
  if (!blocks || level !== LEVEL_M)
    throw new Error(`Version ${version} at level ${level} is not known here.`);
  const data = inOrder(codewordsOf(modules, MASKS[mask]!), blocks);
  const bits = data.map((byte) => byte.toString(2).padStart(8, '0')).join('');
  const countBits = version < 10 ? 8 : 16;
  if (parseInt(bits.slice(0, 4), 2) !== BYTES) throw new Error('The code is not one of bytes.');
  const count = parseInt(bits.slice(4, 4 + countBits), 2);
  const bytes = Array.from({ length: count }, (_, n) => 4 + countBits + 8 * n).map((at) =>
    parseInt(bits.slice(at, at + 8), 2),
  );
  return new TextDecoder('utf-8', { fatal: true }).decode(Uint8Array.from(bytes));
}

/** Of the copy around the finder pattern at the top left, its most significant bit first (7.9.1). */
function formatOf(modules: Modules): { level: number; mask: number } {
  const along = [0, 1, 2, 3, 4, 5, 7, 8].map((column) => modules[8]![column]!);
  const upwards = [7, 5, 4, 3, 2, 1, 0].map((row) => modules[row]![8]!);
  const bits = [...along, ...upwards].reduce((value, bit) => value * 2 + Number(bit), 0) ^ FORMAT_MASK;
  return { level: bits >> 13, mask: (bits >> 10) & 0b111 };
}

/** The codewords as they are laid out, two columns at a time, upwards and downwards by turns (7.7.3). */
function codewordsOf(modules: Modules, isTurned: (row: number, column: number) => boolean): number[] {
  const size = modules.length;
  const bits: boolean[] = [];
  let isUpwards = true;
  for (let right = size - 1; right > 0; right -= 2) {
    if (right === 6) right = 5;
    for (let step = 0; step < size; step += 1) {
      const row = isUpwards ? size - 1 - step : step;
      for (const column of [right, right - 1])
        if (!isFunction(size, row, column)) bits.push(modules[row]![column]! !== isTurned(row, column));
    }
    isUpwards = !isUpwards;
  }
  return Array.from({ length: Math.floor(bits.length / 8) }, (_, n) =>
    bits.slice(8 * n, 8 * n + 8).reduce((value, bit) => value * 2 + Number(bit), 0),
  );
}

/** Finder, timing and alignment patterns, format and version: what holds no data. */
function isFunction(size: number, row: number, column: number): boolean {
  const version = (size - 17) / 4;
  const isFinder = (row < 9 && (column < 9 || column >= size - 8)) || (row >= size - 8 && column < 9);
  const isVersion = version >= 7 && ((row < 6 && column >= size - 11) || (column < 6 && row >= size - 11));
  const centres = ALIGNMENTS[version] ?? [];
  const isNear = (place: number, centre: number) => Math.abs(place - centre) <= 2;
  const isAlignment = centres.some((y) =>
    centres.some((x) => isNear(row, y) && isNear(column, x) && !isInFinder(size, y, x)),
  );
  return isFinder || isVersion || isAlignment || row === 6 || column === 6;
}

/** Where an alignment pattern would meet a finder pattern there is none. */
function isInFinder(size: number, row: number, column: number): boolean {
  const last = size - 7;
  return (row === 6 && (column === 6 || column === last)) || (row === last && column === 6);
}

/** Codewords of data, taken from each block by turns (7.6), put back behind one another. */
function inOrder(codewords: readonly number[], blocks: readonly number[]): number[] {
  const inBlocks: number[][] = blocks.map(() => []);
  let next = 0;
  for (let n = 0; n < Math.max(...blocks); n += 1)
    for (const [block, length] of blocks.entries())
      if (n < length) {
        inBlocks[block]!.push(codewords[next]!);
        next += 1;
      }
  return inBlocks.flat();
}
