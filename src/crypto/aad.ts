/** One bound field: text as UTF-8, an integer (0 … 2^53 − 1) as 8 bytes big-endian, bytes as they are. */
export type AadField = string | number | Buffer;

/**
 * Encodes an ordered list of fields as additional authenticated data: for each field its length in bytes
 * (4 bytes big-endian), then its bytes. Two lists of fields of the same kinds never give the same bytes.
 *
 * @throws RangeError for a number that is no safe non-negative integer, TypeError for text with a lone surrogate
 */
export function encodeAad(fields: readonly AadField[]): Buffer {
  const parts: Buffer[] = [];
  for (const field of fields) {
    const bytes = encodeField(field);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    parts.push(length, bytes);
  }
  return Buffer.concat(parts);
}

function encodeField(field: AadField): Buffer {
  if (typeof field === 'number') {
    if (!Number.isSafeInteger(field) || field < 0) {
      throw new RangeError('A bound number must be an integer between 0 and 2^53 - 1.');
    }
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64BE(BigInt(field));
    return bytes;
  }
  if (typeof field === 'string') {
    // UTF-8 has no lone surrogates: they would all become U+FFFD, and two texts would bind alike.
    if (!field.isWellFormed()) {
      throw new TypeError('A bound text must be well-formed Unicode.');
    }
    return Buffer.from(field, 'utf8');
  }
  return field;
}
