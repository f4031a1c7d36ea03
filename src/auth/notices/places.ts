import { createRequire } from 'node:module';
import { Injectable, Logger } from '@nestjs/common';
import { isPrivate } from '../../common/http/address-ranges.js';
import { AppConfig } from '../../config/app-config.js';
import { openPlaceDatabase, type PlaceDatabase } from './place-database.js';

/** Countries alone, in the public domain (CC0). */
const EMBEDDED = '@ip-location-db/geo-whois-asn-country-mmdb/geo-whois-asn-country.mmdb';

const MAPPED = /^::ffff:(?=[\d.]+$)/i;

/** Where an address lies, without asking anybody: from a database on this machine, opened once, when it is first needed. */
@Injectable()
export class Places {
  private readonly logger = new Logger('auth');
  private opened: Promise<PlaceDatabase> | undefined;

  constructor(private readonly config: AppConfig) {}

  /** Opens the database ahead of the first question. @throws ConfigError when GEOIP_DB_PATH cannot be used */
  async open(): Promise<void> {
    await this.database();
  }

  /** @returns "Berlin, Germany", "Germany", "a private network", or undefined where nothing is known. Never fails. */
  async find(address: string | null | undefined): Promise<string | undefined> {
    if (address === null || address === undefined) return undefined;
    const plain = address.replace(MAPPED, '');
    if (isPrivate(plain)) return 'a private network';
    try {
      return (await this.database()).find(plain);
    } catch (error) {
      this.logger.error(
        { event_type: 'place_database_unreadable', err: error },
        'the database of places cannot be read',
      );
      return undefined;
    }
  }

  private database(): Promise<PlaceDatabase> {
    this.opened ??= openPlaceDatabase(
      this.config.geoipDbPath ?? createRequire(import.meta.url).resolve(EMBEDDED),
    );
    return this.opened;
  }
}
