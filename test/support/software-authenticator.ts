import { createHash, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';
import { encodeCbor, type CborValue } from './cbor.js';

/** What this authenticator and the browser around it do otherwise than they should. */
export interface Deviations {
  type?: string;
  origin?: string;
  rpId?: string;
  challenge?: string;
  crossOrigin?: boolean;
  topOrigin?: string;
  userPresent?: boolean;
  userVerified?: boolean;
  backupEligible?: boolean;
  counter?: number;
  /** The format and the statement of an attestation. */
  attestation?: [format: string, statement: Map<string, CborValue>];
  /** Null: none is sent. */
  userHandle?: string | null;
  /** What is made of the signature. */
  tamper?: (signature: Buffer) => Buffer;
  /** Whose id is claimed. */
  id?: string;
  /** The id of a new credential, in base64url. */
  credentialId?: string;
  transports?: string[];
  algorithm?: number;
}

interface Credential {
  id: string;
  privateKey: KeyObject;
  userHandle: string;
  counter: number;
}

interface CreationOptions {
  rp: { id?: string };
  user: { id: string };
  challenge: string;
}

interface RequestOptions {
  rpId?: string;
  challenge: string;
}

const USER_PRESENT = 0x01;
const USER_VERIFIED = 0x04;
const BACKUP_ELIGIBLE = 0x08;
const ATTESTED = 0x40;

const sha256 = (data: string | Buffer) => createHash('sha256').update(data).digest();
const base64url = (data: string | Buffer) => Buffer.from(data).toString('base64url');

/** Makes and uses passkeys as a browser with an authenticator does, and does wrong whatever a test asks for. */
export class SoftwareAuthenticator {
  readonly credentials: Credential[] = [];

  constructor(
    private readonly origin: string,
    private readonly kind: 'ES256' | 'EdDSA' = 'ES256',
    /** Like a security key; a synced passkey counts nothing. */
    private readonly counts = true,
  ) {}

  /** What `navigator.credentials.create` would give, as JSON. */
  create(options: CreationOptions, deviations: Deviations = {}) {
    const { privateKey, cose } = this.makeKey(deviations.algorithm);
    const id =
      deviations.credentialId === undefined
        ? randomBytes(32)
        : Buffer.from(deviations.credentialId, 'base64url');
    const credential = {
      id: base64url(id),
      privateKey,
      userHandle: options.user.id,
      counter: deviations.counter ?? 0,
    };
    this.credentials.push(credential);
    const attested = Buffer.concat([Buffer.alloc(16), uint16(id.length), id, encodeCbor(cose)]);
    const authData = Buffer.concat([
      this.authenticatorData(
        deviations.rpId ?? options.rp.id ?? '',
        credential.counter,
        deviations,
        ATTESTED,
      ),
      attested,
    ]);
    const [format, statement] = deviations.attestation ?? ['none', new Map<string, CborValue>()];
    return {
      id: deviations.id ?? credential.id,
      rawId: deviations.id ?? credential.id,
      type: 'public-key',
      authenticatorAttachment: 'platform',
      clientExtensionResults: { credProps: { rk: true } },
      response: {
        clientDataJSON: this.clientData('webauthn.create', options.challenge, deviations),
        attestationObject: base64url(
          encodeCbor(
            new Map<string, CborValue>([
              ['fmt', format],
              ['attStmt', statement],
              ['authData', authData],
            ]),
          ),
        ),
        transports: deviations.transports ?? ['internal', 'hybrid'],
      },
    };
  }

  /** What `navigator.credentials.get` would give, as JSON. */
  get(options: RequestOptions, deviations: Deviations = {}, credential = this.credentials.at(-1)!) {
    credential.counter = deviations.counter ?? credential.counter + (this.counts ? 1 : 0);
    const authData = this.authenticatorData(
      deviations.rpId ?? options.rpId ?? '',
      credential.counter,
      deviations,
    );
    const clientDataJSON = this.clientData('webauthn.get', options.challenge, deviations);
    const signed = Buffer.concat([authData, sha256(Buffer.from(clientDataJSON, 'base64url'))]);
    const signature = sign(this.kind === 'EdDSA' ? null : 'sha256', signed, credential.privateKey);
    const userHandle = deviations.userHandle === undefined ? credential.userHandle : deviations.userHandle;
    return {
      id: deviations.id ?? credential.id,
      rawId: deviations.id ?? credential.id,
      type: 'public-key',
      authenticatorAttachment: 'platform',
      clientExtensionResults: {},
      response: {
        clientDataJSON,
        authenticatorData: base64url(authData),
        signature: base64url(deviations.tamper?.(signature) ?? signature),
        ...(userHandle === null ? {} : { userHandle }),
      },
    };
  }

  private makeKey(algorithm?: number): { privateKey: KeyObject; cose: Map<number, CborValue> } {
    const isEdwards = this.kind === 'EdDSA';
    const { privateKey, publicKey } = isEdwards
      ? generateKeyPairSync('ed25519')
      : generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
    // RFC 9053: kty, alg, crv, x and y.
    const cose = new Map<number, CborValue>([
      [1, isEdwards ? 1 : 2],
      [3, algorithm ?? (isEdwards ? -8 : -7)],
      [-1, isEdwards ? 6 : 1],
      [-2, Buffer.from(x, 'base64url')],
    ]);
    if (!isEdwards) cose.set(-3, Buffer.from(y, 'base64url'));
    return { privateKey, cose };
  }

  private authenticatorData(rpId: string, counter: number, deviations: Deviations, flags = 0): Buffer {
    const { userPresent = true, userVerified = true, backupEligible = !this.counts } = deviations;
    const all =
      flags |
      (userPresent ? USER_PRESENT : 0) |
      (userVerified ? USER_VERIFIED : 0) |
      (backupEligible ? BACKUP_ELIGIBLE : 0);
    const signCount = Buffer.alloc(4);
    signCount.writeUInt32BE(counter);
    return Buffer.concat([sha256(rpId), Buffer.from([all]), signCount]);
  }

  private clientData(type: string, challenge: string, deviations: Deviations): string {
    return base64url(
      JSON.stringify({
        type: deviations.type ?? type,
        challenge: deviations.challenge ?? challenge,
        origin: deviations.origin ?? this.origin,
        crossOrigin: deviations.crossOrigin ?? false,
        topOrigin: deviations.topOrigin,
      }),
    );
  }
}

function uint16(value: number): Buffer {
  return Buffer.from([value >> 8, value & 0xff]);
}
