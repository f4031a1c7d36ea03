import { Injectable } from '@nestjs/common';
import { AppConfig } from '../../config/app-config.js';
import { isConstantTimeEqual } from '../../crypto/constant-time-equal.js';
import { hmacSha256 } from '../../crypto/hmac.js';
import { pepperKeys } from '../tokens/pepper-keys.js';
import type { CodePurpose } from './one-time-code.entity.js';

/** All that a code is bound to. */
export interface CodeBinding {
  purpose: CodePurpose;
  /** The flow. */
  id: string;
  subject: Buffer;
  /** Where it was mailed, in the form in which addresses are compared. */
  emailNormalized: string;
}

/** The form in which codes are stored: HMAC-SHA256 under TOKEN_PEPPER, over the code and all that it is bound to. */
@Injectable()
export class CodeHashesService {
  /** The writing key first. */
  private readonly keys: readonly [Buffer, ...Buffer[]];

  constructor(config: AppConfig) {
    this.keys = pepperKeys(config, 'mc101/one-time-code/v1');
  }

  hash(binding: CodeBinding, code: string): Buffer {
    return hmacSha256(this.keys[0], messageOf(binding, code));
  }

  /** From where a code was tried: tells only whether two tries at it came from one network. */
  hashNetwork({ purpose, subject }: Pick<CodeBinding, 'purpose' | 'subject'>, network: string): string {
    const message = ['network', purpose, subject.toString('hex'), network].join('\0');
    return hmacSha256(this.keys[0], message).subarray(0, 16).toString('base64url');
  }

  /** Under every key of the ring, all of them, whichever it is. */
  matches(binding: CodeBinding, code: string, stored: Buffer): boolean {
    const message = messageOf(binding, code);
    const matching = this.keys.filter((key) => isConstantTimeEqual(hmacSha256(key, message), stored));
    return matching.length > 0;
  }
}

/** No part holds a NUL, so no two bindings are the same text. */
function messageOf({ purpose, id, subject, emailNormalized }: CodeBinding, code: string): string {
  return [purpose, id, subject.toString('hex'), emailNormalized, code].join('\0');
}
