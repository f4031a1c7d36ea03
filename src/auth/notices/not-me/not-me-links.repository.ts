import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';

export interface NewNotMeLink {
  tokenHash: Buffer;
  userId: number;
  sessionId: string;
  deviceId: string;
  lifetimeSeconds: number;
}

export interface FoundNotMeLink {
  id: number;
  userId: number;
  sessionId: string;
  deviceId: string;
  createdAt: Date;
}

const SWEPT_AT_ONCE = 10;

@Injectable()
export class NotMeLinksRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** Each new one clears some away that have ended. */
  async add(manager: EntityManager, link: NewNotMeLink): Promise<void> {
    await manager.query(
      `INSERT INTO not_me_links (token_hash, user_id, session_id, device_id, expires_at)
       VALUES ($1, $2, $3, $4, now() + make_interval(secs => $5))`,
      [link.tokenHash, link.userId, link.sessionId, link.deviceId, link.lifetimeSeconds],
    );
    await manager.query(
      `DELETE FROM not_me_links WHERE id IN (
         SELECT id FROM not_me_links WHERE expires_at <= now() LIMIT ${SWEPT_AT_ONCE} FOR UPDATE SKIP LOCKED)`,
    );
  }

  /** @param hashes of one token, under each key it may have been stored with */
  async find(hashes: readonly Buffer[]): Promise<FoundNotMeLink | undefined> {
    const [row] = await this.dataSource.query<FoundNotMeLink[]>(
      `SELECT id, user_id AS "userId", session_id AS "sessionId", device_id AS "deviceId", created_at AS "createdAt"
       FROM not_me_links WHERE token_hash = ANY ($1) AND expires_at > now()`,
      [hashes],
    );
    return row;
  }

  /** Uses a link up, and with it every other one of the account. @returns false when it ended meanwhile */
  async use(manager: EntityManager, { id, userId }: FoundNotMeLink): Promise<boolean> {
    const [ended] = await manager.query<[{ id: number }[], number]>(
      `DELETE FROM not_me_links WHERE user_id = $2
         AND EXISTS (SELECT FROM not_me_links own WHERE own.id = $1 AND own.user_id = $2 AND own.expires_at > now())
       RETURNING id`,
      [id, userId],
    );
    return ended.some((one) => one.id === id);
  }
}
