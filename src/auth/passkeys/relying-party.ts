import { isIP } from 'node:net';
import { Injectable } from '@nestjs/common';
import { AppConfig } from '../../config/app-config.js';
import { PasskeysUnavailableError } from './passkeys.errors.js';

/** For whom passkeys are made, as browsers know it. From PUBLIC_URL alone: what a request says of its host is a claim. */
@Injectable()
export class RelyingParty {
  readonly name = 'MC101';
  /** The host: a key is made for it, and works on no other. */
  readonly id: string;
  /** The one place whose pages may use a key. */
  readonly origin: string;

  constructor(config: AppConfig) {
    const url = new URL(config.publicUrl);
    this.id = url.hostname;
    this.origin = url.origin;
  }

  /** @throws PasskeysUnavailableError where PUBLIC_URL has an IP address: browsers make no passkeys for one */
  requireName(): void {
    if (isIP(this.id.replace(/^\[|\]$/g, '')) !== 0) throw new PasskeysUnavailableError();
  }
}
