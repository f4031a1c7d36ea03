import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { AppConfig } from '../../../config/app-config.js';
import { hmacSha256 } from '../../../crypto/hmac.js';
import { pepperKeys } from '../../tokens/pepper-keys.js';
import { drawBackupCode, readBackupCode } from './backup-code.js';
import { BackupCodesRepository } from './backup-codes.repository.js';

/** Backup codes: shown once, stored only as keyed hashes under TOKEN_PEPPER, each good for one use. */
@Injectable()
export class BackupCodesService {
  /** The writing key first; all of them read. */
  private readonly lookupKeys: readonly [Buffer, ...Buffer[]];

  constructor(
    private readonly repository: BackupCodesRepository,
    private readonly config: AppConfig,
  ) {
    this.lookupKeys = pepperKeys(config, 'mc101/backup-code-lookup/v1');
  }

  /** Draws new codes, and voids every one that the account had. @returns the codes, for their owner alone */
  async replace(manager: EntityManager, userId: number): Promise<string[]> {
    const codes = Array.from({ length: this.config.mfa.backupCodes }, drawBackupCode);
    const hashes = codes.map((code) => hashOf(this.lookupKeys[0], userId, readBackupCode(code)));
    await this.repository.replace(manager, userId, hashes);
    return codes;
  }

  /** Whether this is a code of the account that was not used yet; another request may use it meanwhile. */
  isUnused(userId: number, code: string): Promise<boolean> {
    return this.repository.isUnused(userId, this.hashesOf(userId, code));
  }

  /** Uses a code up, in the transaction of what it is used for. @returns whether it was good */
  useOnce(manager: EntityManager, userId: number, code: string): Promise<boolean> {
    return this.repository.useOnce(manager, userId, this.hashesOf(userId, code));
  }

  countUnused(userId: number, manager?: EntityManager): Promise<number> {
    return this.repository.countUnused(userId, manager);
  }

  removeAll(manager: EntityManager, userId: number): Promise<void> {
    return this.repository.removeAll(manager, userId);
  }

  /** Under every key of the ring: what was stored before a rotation stays good. */
  hashesOf(userId: number, code: string): Buffer[] {
    const read = readBackupCode(code);
    return this.lookupKeys.map((key) => hashOf(key, userId, read));
  }
}

function hashOf(key: Buffer, userId: number, code: string): Buffer {
  return hmacSha256(key, `${userId} ${code}`);
}
