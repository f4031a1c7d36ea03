import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';

@Injectable()
export class VoterKeysRepository {
  /**
   * The key that an address holds. On first sight it gets `voterKey`, or a random one where none is given. One
   * statement, so two at once get the same key.
   */
  async remember(manager: EntityManager, emailHmac: Buffer, voterKey?: string): Promise<string> {
    const [row] = await manager.query<{ voter_key: string }[]>(
      `INSERT INTO voter_keys (email_hmac, voter_key) VALUES ($1, coalesce($2::uuid, gen_random_uuid()))
       ON CONFLICT (email_hmac) DO UPDATE SET voter_key = voter_keys.voter_key
       RETURNING voter_key`,
      [emailHmac, voterKey ?? null],
    );
    if (!row) throw new Error('An upsert answered no row.');
    return row.voter_key;
  }

  /** From now on, whatever held `from` holds `into`: addresses and accounts alike. */
  async repoint(manager: EntityManager, from: string, into: string): Promise<void> {
    await manager.query('UPDATE voter_keys SET voter_key = $2 WHERE voter_key = $1', [from, into]);
    await manager.query('UPDATE users SET voter_key = $2 WHERE voter_key = $1', [from, into]);
  }
}
