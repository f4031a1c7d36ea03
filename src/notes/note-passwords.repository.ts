import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { runPrepared, type Statement } from '../database/prepared.js';

const MAX_ATTEMPTS = 5;
const WINDOW_MINUTES = 15;

const WINDOW = `interval '${WINDOW_MINUTES} minutes'`;
const RECENT = `ARRAY(SELECT t FROM unnest(a.attempted_at) AS t WHERE t > clock_timestamp() - ${WINDOW})`;

/**
 * Counts and decides in one statement: of many at once, each waits for the row and sees those before it. The select
 * below sees the row as it was when the statement began, which only blurs by a moment how long to wait.
 */
const ADMIT: Statement = {
  name: 'note-passwords.admit',
  text: `WITH admitted AS (
           INSERT INTO note_password_attempts AS a (note_id, user_id, attempted_at) VALUES ($1, $2, ARRAY[clock_timestamp()])
           ON CONFLICT (note_id, user_id) DO UPDATE SET attempted_at = ${RECENT} || clock_timestamp()
             WHERE cardinality(${RECENT}) < ${MAX_ATTEMPTS}
           RETURNING a.attempted_at[cardinality(a.attempted_at)]::text AS at
         ), oldest AS (
           SELECT min(t) AS at FROM note_password_attempts a, unnest(a.attempted_at) AS t
           WHERE a.note_id = $1 AND a.user_id = $2 AND t > clock_timestamp() - ${WINDOW}
         )
         SELECT (SELECT at FROM admitted) AS "attemptedAt",
                greatest(1, ceil(extract(epoch FROM coalesce(oldest.at, clock_timestamp()) + ${WINDOW} - clock_timestamp())))::integer
                  AS "retryAfterSeconds"
         FROM oldest`,
};

/** An attempt that was counted, or how long to wait until the next one is. */
export interface Admission {
  /** The attempt's time, exact to what the database keeps; null when it was refused. */
  attemptedAt: string | null;
  retryAfterSeconds: number;
}

/** Tries of note passwords, by the database's clock. Every statement commits on its own. */
@Injectable()
export class NotePasswordsRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** Counts an attempt, unless 5 were counted within 15 minutes. */
  async admit(userId: number, noteId: number): Promise<Admission> {
    const [row] = await runPrepared<Admission>(this.dataSource, ADMIT, [noteId, userId]);
    if (!row) throw new Error('An aggregate answered no row.');
    return row;
  }

  /** Takes one attempt back that tested nothing. */
  async takeBack(userId: number, noteId: number, attemptedAt: string): Promise<void> {
    await this.dataSource.query(
      `UPDATE note_password_attempts SET attempted_at = array_remove(attempted_at, $3::timestamptz)
       WHERE note_id = $1 AND user_id = $2`,
      [noteId, userId, attemptedAt],
    );
  }

  async clear(userId: number, noteId: number): Promise<void> {
    await this.dataSource.query('DELETE FROM note_password_attempts WHERE note_id = $1 AND user_id = $2', [
      noteId,
      userId,
    ]);
  }
}
