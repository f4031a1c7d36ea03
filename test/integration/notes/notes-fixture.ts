import { Writable } from 'node:stream';
import { Test, type TestingModule } from '@nestjs/testing';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { BoundedPool } from '../../../src/common/bounded-pool.js';
import { PinoNestLogger, createLogger } from '../../../src/common/logging/logger.js';
import { ConfigModule } from '../../../src/config/config.module.js';
import { DatabaseModule } from '../../../src/database/database.module.js';
import { KeysService } from '../../../src/keys/keys.service.js';
import { ListNotesService } from '../../../src/notes/list-notes.service.js';
import { NotePasswordsService } from '../../../src/notes/note-passwords.service.js';
import type { OpenedNote } from '../../../src/notes/note.response.dto.js';
import type { CreateNoteRequest, PatchNoteRequest } from '../../../src/notes/notes.dto.js';
import { NotesModule } from '../../../src/notes/notes.module.js';
import { NotesRepository } from '../../../src/notes/notes.repository.js';
import { NotesService } from '../../../src/notes/notes.service.js';
import { PatchNoteService } from '../../../src/notes/patch-note.service.js';
import { UserKeysService } from '../../../src/notes/user-keys.service.js';
import { UsersModule } from '../../../src/users/users.module.js';
import { testConfig } from '../../support/test-config.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';

export const PASSWORD = 'correct horse battery staple';

/** A column of a note's row, as the tests tamper with it. */
export type NoteRow = Record<string, unknown> & { id: number };

/** The notes module with what it stands on, on a database of its own. */
export class NotesFixture {
  private constructor(
    private readonly module: TestingModule,
    readonly database: TestDatabase,
    /** As the schema's owner: for looking into tables and for tampering. */
    readonly sql: pg.Pool,
    readonly log: () => string,
  ) {}

  static async start({
    env = {},
    database,
  }: { env?: Record<string, string>; database?: TestDatabase } = {}): Promise<NotesFixture> {
    const own = database ?? (await createTestDatabase());
    const lines: string[] = [];
    const stream = new Writable({
      write(chunk: Buffer, _encoding, done) {
        lines.push(chunk.toString());
        done();
      },
    });
    const module = await Test.createTestingModule({
      imports: [
        ConfigModule.forRoot(testConfig(own.urls, env)),
        DatabaseModule.forRoot(),
        UsersModule,
        NotesModule,
      ],
    })
      .setLogger(new PinoNestLogger(createLogger('info', stream)))
      .compile();
    try {
      await module.init();
    } catch (error) {
      await module.close();
      throw error;
    }
    const sql = new pg.Pool({ connectionString: own.urls.owner, max: 4 });
    return new NotesFixture(module, own, sql, () => lines.join(''));
  }

  get notes(): NotesService {
    return this.module.get(NotesService);
  }

  get patches(): PatchNoteService {
    return this.module.get(PatchNoteService);
  }

  get lists(): ListNotesService {
    return this.module.get(ListNotesService);
  }

  get passwords(): NotePasswordsService {
    return this.module.get(NotePasswordsService);
  }

  /** The one pool of the process. */
  get pool(): BoundedPool {
    return this.module.get(BoundedPool, { strict: false });
  }

  get repository(): NotesRepository {
    return this.module.get(NotesRepository);
  }

  get userKeys(): UserKeysService {
    return this.module.get(UserKeysService);
  }

  /** Wraps some user keys again, in a transaction of its own. @returns how many */
  rewrapUserKeys(limit: number): Promise<number> {
    return this.module
      .get(DataSource, { strict: false })
      .transaction((manager) => this.userKeys.rewrapBatch(this.keys.ring, limit, manager));
  }

  get keys(): KeysService {
    return this.module.get(KeysService);
  }

  /** @returns the id of a new user. */
  async addUser(): Promise<number> {
    const { rows } = await this.sql.query<{ id: number }>(
      `WITH name AS (SELECT gen_random_uuid()::text AS n)
       INSERT INTO users (name, email, email_normalized, voter_key)
       SELECT n, n || '@example.com', n || '@example.com', gen_random_uuid() FROM name RETURNING id`,
    );
    return rows[0]!.id;
  }

  write(userId: number, note: Partial<CreateNoteRequest> = {}): Promise<OpenedNote> {
    return this.notes.create(userId, { title: 'A title', content: 'A content', ...note });
  }

  writePersonal(userId: number, note: Partial<CreateNoteRequest> = {}): Promise<OpenedNote> {
    return this.write(userId, { personal_encryption: true, password: PASSWORD, ...note });
  }

  patch(userId: number, id: number, changes: PatchNoteRequest, ifMatch?: string): Promise<OpenedNote> {
    return this.patches.patch(userId, id, changes, ifMatch);
  }

  async row(id: number): Promise<NoteRow> {
    const { rows } = await this.sql.query<NoteRow>('SELECT * FROM notes WHERE id = $1', [id]);
    return rows[0]!;
  }

  /** Writes columns of a row from outside, as whoever holds the database could. */
  async overwrite(id: number, columns: Record<string, unknown>): Promise<void> {
    const names = Object.keys(columns);
    const assignments = names.map((name, index) => `${name} = $${index + 2}`).join(', ');
    await this.sql.query(`UPDATE notes SET ${assignments} WHERE id = $1`, [id, ...Object.values(columns)]);
  }

  async close(): Promise<void> {
    await this.module.close();
    await this.sql.end();
  }
}

/** The stable code of the error that a promise is refused with; `answered` when it is not. */
export async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return 'answered';
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
}
