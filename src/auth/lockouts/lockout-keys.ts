import { Injectable } from '@nestjs/common';
import { hmacSha256 } from '../../crypto/hmac.js';
import { ServiceKeysService } from '../../keys/service-keys.service.js';
import { normalizeEmail, normalizeUsername } from '../../users/email-address.js';

/** Outlives the rotation of every secret: a lock that could be rotated away would be none. */
const SERVICE_KEY = 'login-failures';

/** Names what is counted by keyed hashes, so that the tables tell neither who was tried nor from where. */
export class LockoutKeys {
  constructor(private readonly key: Buffer) {}

  /** What contains an @ is an address, anything else a username; as UsersService.findCredentials reads it. */
  identifier(typed: string): Buffer {
    return typed.includes('@') ? this.email(normalizeEmail(typed)) : this.username(normalizeUsername(typed));
  }

  email(normalized: string): Buffer {
    return this.hash('email', normalized);
  }

  username(normalized: string): Buffer {
    return this.hash('username', normalized);
  }

  /** @param identifier stands for the account that it does not lead to, so that both are counted alike */
  account(userId: number | undefined, identifier: Buffer): Buffer {
    return userId === undefined ? this.hash('nobody', identifier.toString('hex')) : this.user(userId);
  }

  user(userId: number): Buffer {
    return this.hash('user', String(userId));
  }

  /** A network with other limits is counted apart: whoever trusts one lifts the locks that it had. */
  address(network: { key: string; factor: number }): Buffer {
    return this.hash('address', `${network.factor} ${network.key}`);
  }

  pair(identifier: Buffer, network: { key: string }): Buffer {
    return this.hash('pair', `${identifier.toString('hex')} ${network.key}`);
  }

  device(id: string): Buffer {
    return this.hash('device', id);
  }

  /** Apart from the device's passwords: what fails here keeps nobody from them. */
  passkeyDevice(id: string): Buffer {
    return this.hash('passkey-device', id);
  }

  /** The same for logins that a provider vouches for. */
  socialDevice(id: string): Buffer {
    return this.hash('social-device', id);
  }

  /** In the place of a name that was typed, where none was. */
  identity(userId: number | undefined): Buffer {
    return this.hash('social', String(userId ?? ''));
  }

  session(id: string): Buffer {
    return this.hash('session', id);
  }

  /** @param guesser who guesses at codes of a second factor: a user, a known device or a session */
  secondFactor(guesser: Buffer): Buffer {
    return this.hash('second-factor', guesser.toString('hex'));
  }

  private hash(kind: string, value: string): Buffer {
    return hmacSha256(this.key, `mc101/login-failures/v1\0${kind}\0${value}`);
  }
}

@Injectable()
export class LockoutKeysService {
  constructor(private readonly serviceKeys: ServiceKeysService) {}

  /** To be asked for before a transaction begins: the first time it reads the key on a connection of its own. */
  async get(): Promise<LockoutKeys> {
    return new LockoutKeys(await this.serviceKeys.get(SERVICE_KEY));
  }
}
