import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';

export interface NewNotMeLink {
  tokenHash: Buffer;
  userId: number;
  sessionId: string;
  deviceId: string;
  /** Where it is mailed, in the form in which addresses are compared. */
  emailNormalized: string;
  lifetimeSeconds: number;
}

export interface FoundNotMeLink {
  id: number;
  userId: number;
  sessionId: string;
  deviceId: string;
}

const SWEPT_AT_ONCE = 10;

/** Who moved the account elsewhere reads the links that were mailed there, and nobody else. */
const IS_MAILED_TO_OWNER = `EXISTS (
  SELECT FROM users u WHERE u.id = l.user_id AND u.email_normalized = l.email_normalized)`;

@Injectable()
export class NotMeLinksRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** Each new one clears some away that have ended. */
  async add(manager: EntityManager, link: NewNotMeLink): Promise<void> {
    await manager.query(
      `INSERT INTO not_me_links (token_hash, user_id, session_id, device_id, email_normalized, expires_at)
       VALUES ($1, $2, $3, $4, $5, now() + make_interval(secs => $6))`,
      [
        link.tokenHash,
        link.userId,
        link.sessionId,
        link.deviceId,
        link.emailNormalized,
        link.lifetimeSeconds,
      ],
    );
    await manager.query(
      `DELETE FROM not_me_links WHERE id IN (
         SELECT id FROM not_me_links WHERE expires_at <= now() LIMIT ${SWEPT_AT_ONCE} FOR UPDATE SKIP LOCKED)`,
    );
  }

  /** @param hashes of one token, under each key it may have been stored with */
  async find(hashes: readonly Buffer[]): Promise<FoundNotMeLink | undefined> {
    const [row] = await this.dataSource.query<FoundNotMeLink[]>(
      `SELECT id, user_id AS "userId", session_id AS "sessionId", device_id AS "deviceId"
       FROM not_me_links l WHERE token_hash = ANY ($1) AND expires_at > now() AND ${IS_MAILED_TO_OWNER}`,
      [hashes],
    );
    return row;
  }

  /**
   * Uses a link up, and with it every other one of the account, which is locked.
   * @returns when the first login was that any of them is about; undefined when this one ended meanwhile
   */
  async use(manager: EntityManager, { id, userId }: FoundNotMeLink): Promise<Date | undefined> {
    const first = await this.firstLogin(manager, userId);
    const [ended] = await manager.query<[{ id: number }[], number]>(
      `DELETE FROM not_me_links WHERE user_id = $2
         AND EXISTS (SELECT FROM not_me_links l
                     WHERE l.id = $1 AND l.user_id = $2 AND l.expires_at > now() AND ${IS_MAILED_TO_OWNER})
       RETURNING id`,
      [id, userId],
    );
    return ended.some((one) => one.id === id) ? first : undefined;
  }

  /** When the first login was that a link is about which has not ended. */
  async firstLogin(manager: EntityManager, userId: number): Promise<Date | undefined> {
    const [row] = await manager.query<{ first: Date | null }[]>(
      'SELECT min(created_at) AS first FROM not_me_links WHERE user_id = $1 AND expires_at > now()',
      [userId],
    );
    return row?.first ?? undefined;
  }
}
