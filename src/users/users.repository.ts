import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { Role } from '../common/http/principal.js';
import { runPrepared, type Statement } from '../database/prepared.js';
import type { Credentials } from './credentials.js';
import type { MailAddress } from './account.js';
import { User } from './user.entity.js';

export interface NewUser {
  name: string;
  email: string;
  emailNormalized: string;
  username: string | null;
  usernameNormalized: string | null;
  passwordHash: string | null;
  role: Role;
  emailVerifiedAt: Date | null;
  voterKey: string;
}

export interface UserFilter {
  q?: string;
  role?: Role;
  isActive?: boolean;
}

const FIND_BY_EMAIL: Statement = {
  name: 'users.find-credentials-by-email',
  text: `SELECT id, password_hash AS "passwordHash", is_active AS "isActive" FROM users WHERE email_normalized = $1`,
};

const FIND_BY_USERNAME: Statement = {
  name: 'users.find-credentials-by-username',
  text: `SELECT id, password_hash AS "passwordHash", is_active AS "isActive" FROM users WHERE username_normalized = $1`,
};

/** How long an address that nobody proves is kept from others. */
const UNVERIFIED_FOR = `interval '24 hours'`;

/** Any constant will do, as long as every process takes the same one. */
const MOVE_LOCK = 4_101_000_002;

@Injectable()
export class UsersRepository {
  constructor(private readonly dataSource: DataSource) {}

  transaction<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return this.dataSource.transaction(work);
  }

  async findCredentialsByEmail(emailNormalized: string): Promise<Credentials | undefined> {
    return (await runPrepared<Credentials>(this.dataSource, FIND_BY_EMAIL, [emailNormalized]))[0];
  }

  async findCredentialsByUsername(usernameNormalized: string): Promise<Credentials | undefined> {
    return (await runPrepared<Credentials>(this.dataSource, FIND_BY_USERNAME, [usernameNormalized]))[0];
  }

  findById(id: number): Promise<User | null> {
    return this.dataSource.getRepository(User).findOneBy({ id });
  }

  /** @returns undefined when the e-mail address or the username is taken; the constraints decide. */
  async insertIfFree(manager: EntityManager, user: NewUser): Promise<User | undefined> {
    const result = await manager
      .createQueryBuilder()
      .insert()
      .into(User)
      .values(user)
      .orIgnore()
      .returning('*')
      .execute();
    const [row] = result.raw as { id: number }[];
    return row ? manager.getRepository(User).findOneByOrFail({ id: row.id }) : undefined;
  }

  async updateProfile(
    manager: EntityManager,
    id: number,
    changes: { name?: string; username?: string | null; usernameNormalized?: string | null },
  ): Promise<User | null> {
    const users = manager.getRepository(User);
    if (Object.keys(changes).length > 0) await users.update({ id }, changes);
    return users.findOneBy({ id });
  }

  /** @returns the user before the change, locked until the transaction ends. */
  lockById(manager: EntityManager, id: number): Promise<User | null> {
    return manager.getRepository(User).findOne({ where: { id }, lock: { mode: 'pessimistic_write' } });
  }

  /**
   * Lets one account at a time move to another address. Two that move at once could each read the other's voter key
   * before it is merged, which would leave an address with a key that never voted.
   */
  async lockMoves(manager: EntityManager): Promise<void> {
    await manager.query('SELECT pg_advisory_xact_lock($1)', [MOVE_LOCK]);
  }

  /** Moves an account to an address that its owner has just proven, whatever else it was to move to. */
  async updateEmail(
    manager: EntityManager,
    id: number,
    email: string,
    emailNormalized: string,
  ): Promise<void> {
    await manager
      .getRepository(User)
      .update({ id }, { email, emailNormalized, emailVerifiedAt: () => 'now()', pendingEmail: null });
  }

  async setPendingEmail(manager: EntityManager, id: number, pendingEmail: string | null): Promise<void> {
    await manager.getRepository(User).update({ id }, { pendingEmail });
  }

  async markVerificationSent(manager: EntityManager, id: number): Promise<void> {
    await manager.query('UPDATE users SET verification_sent_at = now() WHERE id = $1', [id]);
  }

  /** @returns whether it was not verified before, and has this address still */
  async markVerified(manager: EntityManager, id: number, emailNormalized: string): Promise<boolean> {
    const [, count] = await manager.query<[unknown, number]>(
      `UPDATE users SET email_verified_at = now(), updated_at = now()
       WHERE id = $1 AND email_normalized = $2 AND email_verified_at IS NULL`,
      [id, emailNormalized],
    );
    return count === 1;
  }

  /** Sets the password of whoever has just proven the address. @returns whether the account is active and has it still */
  async recoverPassword(
    manager: EntityManager,
    { id, emailNormalized }: { id: number; emailNormalized: string },
    passwordHash: string,
  ): Promise<boolean> {
    const [, count] = await manager.query<[unknown, number]>(
      `UPDATE users SET password_hash = $3, email_verified_at = coalesce(email_verified_at, now()), updated_at = now()
       WHERE id = $1 AND email_normalized = $2 AND is_active`,
      [id, emailNormalized, passwordHash],
    );
    return count === 1;
  }

  async removePassword(manager: EntityManager, id: number): Promise<void> {
    await manager.getRepository(User).update({ id }, { passwordHash: null });
  }

  /** Locks the account of an address that was asked for a proof long ago and gave none. Undefined for any other. */
  async lockNeverVerified(
    manager: EntityManager,
    emailNormalized: string,
  ): Promise<{ id: number; voterKey: string } | undefined> {
    const [row] = await manager.query<{ id: number; voterKey: string }[]>(
      `SELECT id, voter_key AS "voterKey" FROM users
       WHERE email_normalized = $1 AND email_verified_at IS NULL AND role = 'user'
         AND verification_sent_at < now() - ${UNVERIFIED_FOR} FOR UPDATE`,
      [emailNormalized],
    );
    return row;
  }

  async updateVoterKey(manager: EntityManager, id: number, voterKey: string): Promise<void> {
    await manager.getRepository(User).update({ id }, { voterKey });
  }

  async updateAccess(
    manager: EntityManager,
    id: number,
    changes: { role?: Role; isActive?: boolean },
  ): Promise<void> {
    if (Object.keys(changes).length > 0) await manager.getRepository(User).update({ id }, changes);
  }

  /** Replaces a password hash only if it is still the one that was verified. @returns whether it was. */
  async replacePasswordHash(
    on: EntityManager | undefined,
    id: number,
    verified: string | null,
    replacement: string,
  ): Promise<boolean> {
    const [, count] = await (on ?? this.dataSource.manager).query<[unknown, number]>(
      `UPDATE users SET password_hash = $3, updated_at = now() WHERE id = $1 AND password_hash IS NOT DISTINCT FROM $2`,
      [id, verified, replacement],
    );
    return count === 1;
  }

  async setPasswordHash(manager: EntityManager, id: number, passwordHash: string): Promise<void> {
    await manager.getRepository(User).update({ id }, { passwordHash });
  }

  async findActiveAddress(manager: EntityManager, id: number): Promise<MailAddress | undefined> {
    const [row] = await manager.query<MailAddress[]>(
      `SELECT email, email_normalized AS "emailNormalized", email_verified_at IS NOT NULL AS "isVerified"
       FROM users WHERE id = $1 AND is_active`,
      [id],
    );
    return row;
  }

  listActiveAdmins(manager: EntityManager): Promise<{ id: number; email: string }[]> {
    return manager.query(`SELECT id, email FROM users WHERE role = 'admin' AND is_active ORDER BY id`);
  }

  async delete(manager: EntityManager, id: number): Promise<boolean> {
    return ((await manager.getRepository(User).delete({ id })).affected ?? 0) > 0;
  }

  /** Locks every active admin, so that of two who step down at once the second sees the first gone. */
  async lockActiveAdmins(manager: EntityManager): Promise<number[]> {
    const admins = await manager.query<{ id: number }[]>(
      `SELECT id FROM users WHERE role = 'admin' AND is_active ORDER BY id FOR UPDATE`,
    );
    return admins.map(({ id }) => id);
  }

  async hasAdmin(): Promise<boolean> {
    return this.dataSource.getRepository(User).existsBy({ role: 'admin' });
  }

  findByEmail(emailNormalized: string): Promise<User | null> {
    return this.dataSource.getRepository(User).findOneBy({ emailNormalized });
  }

  listNewestFirst(filter: UserFilter, beforeId: number | undefined, limit: number): Promise<User[]> {
    const query = this.dataSource
      .getRepository(User)
      .createQueryBuilder('u')
      .orderBy('u.id', 'DESC')
      .limit(limit);
    if (beforeId !== undefined) query.andWhere('u.id < :beforeId', { beforeId });
    if (filter.role !== undefined) query.andWhere('u.role = :role', { role: filter.role });
    if (filter.isActive !== undefined)
      query.andWhere('u.is_active = :isActive', { isActive: filter.isActive });
    if (filter.q !== undefined) {
      const columns = ['u.name', 'u.email', 'u.email_normalized', 'u.username'];
      query.andWhere(
        `(${columns.map((column) => `strpos(${folded(column)}, ${folded(':q')}) > 0`).join(' OR ')})`,
        {
          q: filter.q,
        },
      );
    }
    return query.getMany();
  }
}

/** The form in which text is searched. By ICU, because what a database takes for a letter depends on its locale. */
function folded(text: string): string {
  return `lower(normalize(${text}) COLLATE "und-x-icu")`;
}
