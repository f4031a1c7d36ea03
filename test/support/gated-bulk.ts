import { randomBytes, randomInt } from 'node:crypto';
import type pg from 'pg';
import type { RestoreStage } from './restore-stage.js';

const ROW_BYTES = 1_000_000;
const ROWS_BEFORE = 20;
const ROWS_BEHIND = 8;

/** What of it certainly stands in a file or a database once a program waits at the gate; it does not compress. */
export const BYTES_BEFORE_GATE = ROWS_BEFORE * ROW_BYTES;

/**
 * Two large tables with a small one between them, by the order in which dumps and restores take tables. A gate at the
 * small one stops pg_dump or pg_restore after the first large table and before the second: truly in the middle, for as
 * long as a test needs, however slow the machine.
 */
export class GatedBulk {
  private constructor(
    private readonly stage: RestoreStage,
    /** Of an advisory lock: while somebody has it, rows of the small table are not let in, in whatever database. */
    private readonly key: number,
  ) {}

  static async fill(stage: RestoreStage): Promise<GatedBulk> {
    const key = randomInt(2 ** 31);
    await stage.sql(`
      CREATE FUNCTION is_let_in() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN
        WHILE EXISTS (SELECT FROM pg_catalog.pg_locks WHERE locktype = 'advisory' AND objid = ${key})
        LOOP PERFORM pg_catalog.pg_sleep(0.02); END LOOP;
        RETURN true;
      END $$;
      CREATE TABLE bulk_1 (body bytea);
      CREATE TABLE bulk_2 (body bytea CHECK (public.is_let_in()));
      CREATE TABLE bulk_3 (body bytea)`);
    const insert = (table: string) => stage.sql(`INSERT INTO ${table} VALUES ($1)`, [randomBytes(ROW_BYTES)]);
    for (let row = 0; row < ROWS_BEFORE; row++) await insert('bulk_1');
    await insert('bulk_2');
    for (let row = 0; row < ROWS_BEHIND; row++) await insert('bulk_3');
    return new GatedBulk(stage, key);
  }

  /** From now on no dump gets past the small table. @returns opens the gate */
  async closeForDumps(): Promise<() => Promise<void>> {
    const keeper = await this.connect();
    // Its large value lies elsewhere and is found by an index, which nobody reads while it is made anew.
    await keeper.query('BEGIN; REINDEX TABLE bulk_2');
    return () => keeper.end();
  }

  /** From now on no restore, into whatever database, gets past the small table. @returns opens the gate */
  async closeForRestores(): Promise<() => Promise<void>> {
    const keeper = await this.connect();
    await keeper.query('SELECT pg_advisory_lock($1)', [this.key]);
    return () => keeper.end();
  }

  private connect(): Promise<pg.Client> {
    return this.stage.connect(this.stage.database.urls.owner, 'the keeper of a gate');
  }
}
