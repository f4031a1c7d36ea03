import { ApiProperty } from '@nestjs/swagger';
import { UUID } from '../../common/http/id-param.pipe.js';
import { IsText } from '../../common/http/text.decorator.js';
import { describeDevice } from '../notices/device.js';

/** Longer than any token, so that a wrong one is wrong, not invalid. */
const MAX_TOKEN_INPUT = 2048;

export class RefreshRequest {
  /** @example "mTq0fRb1N3yXcZ8uJ5kLwVhPaE2sGdO7iQ9tKxBnC4M" */
  @IsText({ max: MAX_TOKEN_INPUT })
  refresh_token!: string;
}

/** A session as its owner sees it. */
export class SessionResponse {
  /** @example "0b8e2c3e-6f0a-4c1b-9a3e-2d1f5b7a9c10" */
  id!: string;
  /** On what it was last refreshed; a program that is no known browser is called what it calls itself. */
  @ApiProperty({ type: String, nullable: true, example: 'Firefox 145 on Linux' })
  device!: string | null;
  /** Where `ip` lies, as far as that is known: a country, with the operator's database a city too. */
  @ApiProperty({ type: String, nullable: true, example: 'Germany' })
  place!: string | null;
  /** Kept for 30 days. */
  @ApiProperty({ type: String, nullable: true, example: '203.0.113.7' })
  ip!: string | null;
  /**
   * When it began, by a login.
   * @example "2026-01-05T09:30:00.000Z"
   */
  created_at!: Date;
  /**
   * To a minute or two.
   * @example "2026-01-05T11:45:00.000Z"
   */
  last_seen_at!: Date;
  /**
   * When it ends unless it is refreshed.
   * @example "2026-01-19T11:45:00.000Z"
   */
  expires_at!: Date;
  /**
   * Whether this request belongs to it.
   * @example true
   */
  current!: boolean;
}

/** A page of sessions. */
export class SessionPage {
  items!: SessionResponse[];
  @ApiProperty({ type: String, nullable: true, example: 'WzE3Njc2MDU0MDAwMDAwMDAsIjBiOGUyYzNlIl0' })
  next_cursor!: string | null;
}

/** A session as it stands in a list. */
export interface ListedSession {
  id: string;
  ip: string | null;
  userAgent: string | null;
  createdAt: Date;
  /** `createdAt` to the microsecond, since 1970: two logins can begin within one millisecond. */
  createdMicros: number;
  lastSeenAt: Date;
  expiresAt: Date;
}

/** Where a list of sessions goes on. */
export type SessionPosition = [createdMicros: number, id: string];

export function isSessionPosition(position: unknown[]): position is SessionPosition {
  const [micros, id, ...rest] = position;
  return rest.length === 0 && Number.isSafeInteger(micros) && typeof id === 'string' && UUID.test(id);
}

export function toSessionResponse(
  session: ListedSession,
  place: string | undefined,
  currentId: string,
): SessionResponse {
  return {
    id: session.id,
    device: describeDevice(session.userAgent) ?? session.userAgent,
    place: place ?? null,
    ip: session.ip,
    created_at: session.createdAt,
    last_seen_at: session.lastSeenAt,
    expires_at: session.expiresAt,
    current: session.id === currentId,
  };
}
