import pg from 'pg';

/**
 * Ids are bigint in SQL and JSON numbers on the wire: every bigint that PostgreSQL sends becomes a number, and one that
 * a number cannot hold exactly is an error, never a wrong id.
 */
export function installTypeParsers(): void {
  pg.types.setTypeParser(pg.types.builtins.INT8, (value) => {
    const number = Number(value);
    if (!Number.isSafeInteger(number)) throw new RangeError('A bigint from the database exceeds 2^53 - 1.');
    return number;
  });
}
