import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { runPrepared, type Statement } from '../../../database/prepared.js';
import type { ChallengePurpose } from './passkey-challenge.entity.js';

/** How long somebody has for finger or PIN. */
export const CHALLENGE_SECONDS = 300;

/** More than one challenge makes, so that those which nobody answered do not pile up. */
const SWEPT_AT_ONCE = 10;

export interface NewChallenge {
  challenge: Buffer;
  purpose: ChallengePurpose;
  userId: number | null;
  sessionId: string | null;
}

export interface LoginChallenge {
  purpose: ChallengePurpose;
  /** Whose passkey has to answer; of a named login null where the name is nobody's. */
  userId: number | null;
}

const ADD: Statement = {
  name: 'passkey-challenges.add',
  text: `WITH swept AS (
           DELETE FROM passkey_challenges WHERE challenge IN (
             SELECT challenge FROM passkey_challenges WHERE expires_at < now()
             ORDER BY expires_at LIMIT ${SWEPT_AT_ONCE} FOR UPDATE SKIP LOCKED)
         )
         INSERT INTO passkey_challenges (challenge, purpose, user_id, session_id, expires_at)
         VALUES ($1, $2, $3, $4, now() + interval '${CHALLENGE_SECONDS} seconds')`,
};

/** Leaves alone what is not the caller's, so that nobody uses up the challenge of somebody else. */
const TAKE_REGISTRATION: Statement = {
  name: 'passkey-challenges.take-registration',
  text: `DELETE FROM passkey_challenges
         WHERE challenge = $1 AND purpose = 'registration' AND user_id = $2 AND session_id = $3 AND expires_at > now()
         RETURNING purpose`,
};

const TAKE_LOGIN: Statement = {
  name: 'passkey-challenges.take-login',
  text: `DELETE FROM passkey_challenges
         WHERE challenge = $1 AND purpose IN ('named-login', 'nameless-login') AND expires_at > now()
         RETURNING purpose, user_id AS "userId"`,
};

/** Challenges that wait for their answer. Each is taken once, by one statement. */
@Injectable()
export class PasskeyChallengesRepository {
  constructor(private readonly dataSource: DataSource) {}

  async add({ challenge, purpose, userId, sessionId }: NewChallenge): Promise<void> {
    await runPrepared(this.dataSource, ADD, [challenge, purpose, userId, sessionId]);
  }

  /** @returns whether this was a challenge of that user and session, which nobody has answered */
  async takeRegistration(challenge: Buffer, userId: number, sessionId: string): Promise<boolean> {
    const taken = await runPrepared(this.dataSource, TAKE_REGISTRATION, [challenge, userId, sessionId]);
    return taken.length === 1;
  }

  async takeLogin(challenge: Buffer): Promise<LoginChallenge | undefined> {
    return (await runPrepared<LoginChallenge & object>(this.dataSource, TAKE_LOGIN, [challenge]))[0];
  }

  /** Drops every challenge that an account has. */
  async dropOf(manager: EntityManager, userId: number): Promise<void> {
    await manager.query('DELETE FROM passkey_challenges WHERE user_id = $1', [userId]);
  }
}
