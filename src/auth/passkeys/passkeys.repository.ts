import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { runPrepared, type Statement } from '../../database/prepared.js';

/** What a browser is told of a passkey, so that it finds it. */
export interface CredentialDescriptor {
  credentialId: Buffer;
  transports: string[];
}

export interface NewPasskey extends CredentialDescriptor {
  userId: number;
  publicKey: Buffer;
  counter: number;
  isBackupEligible: boolean;
  isBackedUp: boolean;
  aaguid: string;
  name: string;
}

/** A passkey as its owner may see it. */
export interface PasskeyRow {
  id: number;
  name: string;
  transports: string[];
  isBackupEligible: boolean;
  isBackedUp: boolean;
  aaguid: string;
  createdAt: Date;
  lastUsedAt: Date | null;
  cloneSuspectedAt: Date | null;
}

/** What it takes to check a signature, and whose it is. */
export interface PasskeyWithOwner {
  id: number;
  userId: number;
  credentialId: Buffer;
  publicKey: Buffer;
  isBackupEligible: boolean;
  /** Whether the account is. */
  isActive: boolean;
}

export interface PasskeyUse {
  counter: number;
  isBackedUp: boolean;
}

/** For how long an owner who was told that a key may have been copied is not told again. */
const TOLD_FOR = `interval '1 day'`;

const COLUMNS = `id, name, transports, is_backup_eligible AS "isBackupEligible", is_backed_up AS "isBackedUp", aaguid,
                 created_at AS "createdAt", last_used_at AS "lastUsedAt", clone_suspected_at AS "cloneSuspectedAt"`;

const FIND_BY_CREDENTIAL: Statement = {
  name: 'passkeys.find-by-credential',
  text: `SELECT p.id, p.user_id AS "userId", p.credential_id AS "credentialId", p.public_key AS "publicKey",
                p.is_backup_eligible AS "isBackupEligible", u.is_active AS "isActive"
         FROM passkeys p JOIN users u ON u.id = p.user_id WHERE p.credential_id = $1`,
};

/** Asked for unknown accounts too, with a user that nobody is, so that it takes as long. */
const LIST_CREDENTIALS: Statement = {
  name: 'passkeys.list-credentials',
  text: `SELECT credential_id AS "credentialId", transports FROM passkeys WHERE user_id = $1 ORDER BY id`,
};

/** An authenticator that counts must count on; one that does not says 0 each time (Web Authentication, 6.1.1). */
const USE: Statement = {
  name: 'passkeys.use',
  text: `UPDATE passkeys SET counter = $2, is_backed_up = $3, last_used_at = now()
         WHERE id = $1 AND (counter < $2 OR (counter = 0 AND $2 = 0)) RETURNING id`,
};

@Injectable()
export class PasskeysRepository {
  constructor(private readonly dataSource: DataSource) {}

  transaction<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return this.dataSource.transaction(work);
  }

  /**
   * Lets one transaction at a time count or use the passkeys of an account.
   * @returns whether the account has a password; undefined when there is no such account
   */
  async lockOwner(manager: EntityManager, userId: number): Promise<{ hasPassword: boolean } | undefined> {
    const [row] = await manager.query<{ hasPassword: boolean }[]>(
      `SELECT password_hash IS NOT NULL AS "hasPassword" FROM users WHERE id = $1 FOR NO KEY UPDATE`,
      [userId],
    );
    return row;
  }

  /** @returns undefined when somebody has this credential already */
  async addOnce(manager: EntityManager, passkey: NewPasskey): Promise<PasskeyRow | undefined> {
    const [row] = await manager.query<PasskeyRow[]>(
      `INSERT INTO passkeys (user_id, credential_id, public_key, counter, transports, is_backup_eligible, is_backed_up,
                             aaguid, name)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (credential_id) DO NOTHING RETURNING ${COLUMNS}`,
      [
        passkey.userId,
        passkey.credentialId,
        passkey.publicKey,
        passkey.counter,
        passkey.transports,
        passkey.isBackupEligible,
        passkey.isBackedUp,
        passkey.aaguid,
        passkey.name,
      ],
    );
    return row;
  }

  async count(userId: number, manager: EntityManager = this.dataSource.manager): Promise<number> {
    const [row] = await manager.query<{ count: number }[]>(
      'SELECT count(*)::integer AS count FROM passkeys WHERE user_id = $1',
      [userId],
    );
    return row?.count ?? 0;
  }

  async findByCredential(credentialId: Buffer): Promise<PasskeyWithOwner | undefined> {
    return (
      await runPrepared<PasskeyWithOwner & object>(this.dataSource, FIND_BY_CREDENTIAL, [credentialId])
    )[0];
  }

  /** @param userId undefined for a name that is nobody's, which costs the same */
  listCredentials(userId: number | undefined): Promise<CredentialDescriptor[]> {
    return runPrepared<CredentialDescriptor & object>(this.dataSource, LIST_CREDENTIALS, [userId ?? 0]);
  }

  /** Oldest first. */
  listOf(userId: number, afterId: number, limit: number): Promise<PasskeyRow[]> {
    return this.dataSource.query<PasskeyRow[]>(
      `SELECT ${COLUMNS} FROM passkeys WHERE user_id = $1 AND id > $2 ORDER BY id LIMIT $3`,
      [userId, afterId, limit],
    );
  }

  async renameOwned(
    manager: EntityManager,
    userId: number,
    id: number,
    name: string,
  ): Promise<PasskeyRow | undefined> {
    const [[row]] = await manager.query<[PasskeyRow[], number]>(
      `UPDATE passkeys SET name = $3 WHERE id = $2 AND user_id = $1 RETURNING ${COLUMNS}`,
      [userId, id, name],
    );
    return row;
  }

  /** @returns whether it was one of this user */
  async removeOwned(manager: EntityManager, userId: number, id: number): Promise<boolean> {
    const [, count] = await manager.query<[unknown, number]>(
      'DELETE FROM passkeys WHERE id = $2 AND user_id = $1',
      [userId, id],
    );
    return count === 1;
  }

  /** Removes those that were registered at this moment or later. @returns their ids */
  async removeSince(manager: EntityManager, userId: number, since: Date): Promise<number[]> {
    const [removed] = await manager.query<[{ id: number }[], number]>(
      'DELETE FROM passkeys WHERE user_id = $1 AND created_at >= $2 RETURNING id',
      [userId, since],
    );
    return removed.map(({ id }) => id);
  }

  /** Counts a signature that was right. @returns false when its counter went back, or the passkey is gone */
  async useOnce(manager: EntityManager, id: number, { counter, isBackedUp }: PasskeyUse): Promise<boolean> {
    return (await runPrepared(manager, USE, [id, counter, isBackedUp])).length === 1;
  }

  /**
   * Remembers that two may have the key.
   * @returns whether the owner has not been told of late; undefined when the passkey is gone
   */
  async suspectClone(manager: EntityManager, id: number): Promise<boolean | undefined> {
    const [[row]] = await manager.query<[{ isNews: boolean }[], number]>(
      `UPDATE passkeys p SET clone_suspected_at = now()
       FROM (SELECT id, clone_suspected_at AS at FROM passkeys WHERE id = $1 FOR NO KEY UPDATE) AS before
       WHERE p.id = before.id RETURNING coalesce(before.at < now() - ${TOLD_FOR}, true) AS "isNews"`,
      [id],
    );
    return row?.isNews;
  }
}
