import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

/** A session as its owner may keep it: nothing that lets anybody in. */
export interface OwnSessionRow {
  id: string;
  ip: string | null;
  user_agent: string | null;
  created_at: Date;
  authenticated_at: Date;
  last_seen_at: Date;
  expires_at: Date;
  revoked_at: Date | null;
  revoked_reason: string | null;
}

const BEFORE_ALL = '00000000-0000-0000-0000-000000000000';

@Injectable()
export class OwnSessionsRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** Those that have ended too. In no order that says anything; the next page begins after the last id. */
  listOf(userId: number, afterId: string | undefined, limit: number): Promise<OwnSessionRow[]> {
    return this.dataSource.query<OwnSessionRow[]>(
      `SELECT id, host(ip) AS ip, user_agent, created_at, authenticated_at, last_seen_at, expires_at, revoked_at,
              revoked_reason
       FROM sessions WHERE user_id = $1 AND id > $2 ORDER BY id LIMIT $3`,
      [userId, afterId ?? BEFORE_ALL, limit],
    );
  }
}
