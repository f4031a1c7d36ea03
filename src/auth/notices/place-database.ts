import { readFile } from 'node:fs/promises';
import { Reader, type Response } from 'maxmind';
import { ConfigError } from '../../config/parse-env.js';

/** Where addresses lie, read from one file. */
export interface PlaceDatabase {
  /** @param address of the public internet, IPv4 or IPv6 @returns "Germany", "Berlin, Germany", or undefined */
  find: (address: string) => string | undefined;
}

const COUNTRIES = new Intl.DisplayNames(['en'], { type: 'region', fallback: 'none' });
const COUNTRY_CODE = /^[A-Z]{2}$/;
const UNKNOWN_COUNTRY = 'ZZ';
const LONGEST_NAME = 100;

/**
 * Opens a database in the format of MaxMind: records of countries and cities as GeoLite2 and DB-IP have them, or with a
 * bare `country_code`. All of it is kept in memory.
 * @throws ConfigError that says in one sentence what is wrong with the file
 */
export async function openPlaceDatabase(file: string): Promise<PlaceDatabase> {
  const reader = await read(file);
  if (!/city|country|enterprise/i.test(reader.metadata.databaseType))
    throw new ConfigError([
      'GEOIP_DB_PATH names a database of something else than cities or countries: take GeoLite2-City or DB-IP City.',
    ]);
  return { find: (address) => describe(reader.get(address)) };
}

async function read(file: string): Promise<Reader<Response>> {
  try {
    return new Reader<Response>(await readFile(file));
  } catch (error) {
    const { code } = error as { code?: string };
    throw new ConfigError([
      code === undefined
        ? 'GEOIP_DB_PATH names a file that is no database in the format of MaxMind (.mmdb).'
        : `GEOIP_DB_PATH names a file that cannot be read (${code}).`,
    ]);
  }
}

function describe(record: unknown): string | undefined {
  const country = countryOf(record);
  const city = plainName(field(record, 'city', 'names', 'en'));
  return city !== undefined && country !== undefined ? `${city}, ${country}` : (country ?? city);
}

function countryOf(record: unknown): string | undefined {
  const code =
    field(record, 'country', 'iso_code') ??
    field(record, 'registered_country', 'iso_code') ??
    field(record, 'country_code');
  return typeof code === 'string' && COUNTRY_CODE.test(code) && code !== UNKNOWN_COUNTRY
    ? COUNTRIES.of(code)
    : undefined;
}

/** A name that fits into one line of a letter. */
function plainName(name: unknown): string | undefined {
  return typeof name === 'string' && name !== '' && name.length <= LONGEST_NAME && !/\p{C}/u.test(name)
    ? name
    : undefined;
}

function field(record: unknown, ...path: string[]): unknown {
  return path.reduce<unknown>(
    (value, name) =>
      typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined,
    record,
  );
}
