import { setTimeout } from 'node:timers/promises';
import pg from 'pg';
import { AuditService } from '../../../src/audit/audit.service.js';
import {
  ChainVerifier,
  type ChainReport,
  type KnownHead,
} from '../../../src/audit/chain/chain-verifier.service.js';
import { AuditSealer } from '../../../src/audit/seals/audit-sealer.service.js';
import { headOf, NO_HEAD } from '../../../src/audit/seals/seal-format.js';
import { SealsRepository } from '../../../src/audit/seals/seals.repository.js';
import { SigningRing } from '../../../src/audit/seals/signing-ring.js';
import { startTestServer, type TestServer } from '../../support/test-server.js';

interface StoredSeal {
  number: number;
  head: Buffer;
  entry_count: number;
}

/** A service whose log is written, sealed and looked into; its sealer works only when it is told to. */
export class AuditStage {
  private constructor(readonly server: TestServer) {}

  static async open(env: Record<string, string> = {}): Promise<AuditStage> {
    return new AuditStage(await startTestServer({ env }));
  }

  get sql(): pg.Pool {
    return this.server.sql;
  }

  /** Seals once nothing is held back any more by what other tests do on the same server. */
  readonly sealer = {
    seal: async (): Promise<number> => {
      await this.othersToEnd();
      return this.server.app.get(AuditSealer).seal();
    },
  };

  /** Transactions of other databases count as well: those that had begun may stand before entries of this one. */
  async othersToEnd(): Promise<void> {
    const superuser = await this.connect(this.server.database.superuserUrl);
    try {
      const { name } = this.server.database;
      const { rows } = await superuser.query<{ xids: string[] | null }>(
        `SELECT array_agg(backend_xid::text) AS xids FROM pg_stat_activity WHERE datname IS DISTINCT FROM $1`,
        [name],
      );
      const open = `SELECT FROM pg_stat_activity WHERE backend_xid::text = ANY ($1)`;
      while ((await superuser.query(open, [rows[0]?.xids ?? []])).rowCount) await setTimeout(5);
    } finally {
      await superuser.end();
    }
  }

  /** Records so many events, one after the other. */
  async record(count: number): Promise<void> {
    const audit = this.server.app.get(AuditService);
    for (let n = 0; n < count; n += 1)
      await audit.record('user_updated', { subjectId: n + 1, details: { n, reason: 'a test' } });
  }

  /** Batches of these sizes, each sealed by itself. */
  async batches(...sizes: number[]): Promise<void> {
    for (const size of sizes) {
      await this.record(size);
      await this.sealer.seal();
    }
  }

  /** A batch that was recorded and sealed so many days ago, from an address. */
  async oldBatch(days: number, size: number): Promise<void> {
    await this.sealer.seal();
    const { app } = this.server;
    const address = '198.51.100.7';
    await this.sql.query(
      `WITH old AS (
         INSERT INTO audit_events (event_type, at, address_hash)
         SELECT 'user_updated', now() - make_interval(days => $1), $3 FROM generate_series(1, $2::int) RETURNING id
       ) INSERT INTO audit_addresses SELECT id, $4 FROM old`,
      [days, size, await app.get(AuditService).hashOf(address), address],
    );
    const sealedAt = new Date(Date.now() - days * 86_400_000).toISOString().replace('Z', '000Z');
    await this.othersToEnd();
    await app.get(SealsRepository).sealNext({ floor: 0, limit: size }, (previous, members) => {
      const number = (previous?.number ?? 0) + 1;
      const previousHead = previous?.head ?? NO_HEAD;
      return app.get(SigningRing).sign({
        number,
        entryCount: members.length,
        firstId: members[0]!.id,
        lastId: members.at(-1)!.id,
        previousHead,
        head: headOf({ number, previousHead, sealedAt }, members),
        sealedAt,
      });
    });
  }

  /** Verifying seals what waits for it, as far as nothing is held back. */
  async verify(known: KnownHead[] = []): Promise<ChainReport> {
    await this.othersToEnd();
    return this.server.app.get(ChainVerifier).verify(known);
  }

  async seals(): Promise<StoredSeal[]> {
    return (await this.sql.query<StoredSeal>('SELECT * FROM audit_seals ORDER BY number')).rows;
  }

  /** Ids of the entries of a batch, lowest first. */
  async idsOf(seal: number): Promise<number[]> {
    const { rows } = await this.sql.query<{ id: number }>(
      'SELECT event_id AS id FROM audit_seal_entries WHERE seal = $1 ORDER BY event_id',
      [seal],
    );
    return rows.map(({ id }) => id);
  }

  /** A connection of the app's role with a transaction of its own. */
  async connect(url = this.server.database.urls.app): Promise<pg.Client> {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    return client;
  }

  close(): Promise<void> {
    return this.server.close();
  }
}
