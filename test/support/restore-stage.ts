import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { listBackupFiles, type BackupFile } from '../../src/backup/archive/backup-files.js';
import type { Actor, Answer } from './api-client.js';
import { freePort, ProgramProcess, ServiceProcess } from './service-process.js';
import { TEST_SECRETS } from './test-config.js';
import { createTestDatabase, openPool, type TestDatabase } from './test-database.js';

interface CommandAnswer {
  code: number | null;
  stdout: string;
  stderr: string;
}

let counter = 0;

/** An operator with a database, a backup folder, services and commands on them, each a process of its own. */
export class RestoreStage {
  /** As the database's owner; opened anew after a restore has ended its connections. */
  private pool: pg.Pool;
  private readonly processes: ProgramProcess[] = [];

  private constructor(
    readonly database: TestDatabase,
    readonly dir: string,
    readonly env: Record<string, string>,
  ) {
    this.pool = openPool(database.urls.owner);
  }

  static async open({
    oneRole = false,
    env = {},
  }: { oneRole?: boolean; env?: Record<string, string> } = {}): Promise<RestoreStage> {
    const database = await createTestDatabase();
    const dir = await mkdtemp(path.join(tmpdir(), 'mc101-backups-'));
    return new RestoreStage(database, dir, {
      NODE_ENV: 'test',
      ARGON2_MEMORY_KIB: '64',
      ARGON2_TIME_COST: '1',
      BACKUP_DIR: dir,
      BACKUP_CRON: 'off',
      MAIL_DISABLED: 'true',
      ...(oneRole
        ? { DATABASE_URL: database.urls.owner }
        : { DATABASE_URL: database.urls.app, DATABASE_OWNER_URL: database.urls.owner }),
      ADMIN_PASSWORD: 'an otter on a mossy stone',
      ...TEST_SECRETS,
      ...env,
    });
  }

  async startService(env: Record<string, string> = {}): Promise<ServiceProcess> {
    const service = new ServiceProcess(await freePort(), { env: { ...this.env, ...env } });
    this.processes.push(service);
    return service.ready();
  }

  /** `npm run cli -- …`, begun. */
  begin(
    args: string[],
    { env = {}, input }: { env?: Record<string, string>; input?: string } = {},
  ): ProgramProcess {
    const command = new ProgramProcess('scripts/cli.mjs', args, { env: { ...this.env, ...env }, input });
    this.processes.push(command);
    return command;
  }

  /** `npm run cli -- …`, to its end. */
  async command(
    args: string[],
    options: { env?: Record<string, string>; input?: string } = {},
  ): Promise<CommandAnswer> {
    const command = this.begin(args, options);
    const { code } = await command.ended;
    return { code, stdout: command.stdout, stderr: command.stderr };
  }

  /** Resolves once a command has said this of its progress. */
  async said(command: ProgramProcess, text: string): Promise<void> {
    while (!command.stderr.includes(text)) {
      if (command.hasEnded) throw new Error(`The command ended without "${text}":\n${command.stderr}`);
      await delay(2);
    }
  }

  /** Resolves with the first answer that is neither MAINTENANCE nor that the database is away. */
  async answerOf(ask: () => Promise<Answer>): Promise<Answer> {
    for (;;) {
      const answer = await ask();
      if (answer.status !== 503) return answer;
      await delay(50);
    }
  }

  /** Like `command`, for what must succeed. */
  async succeed(
    args: string[],
    options: { env?: Record<string, string>; input?: string } = {},
  ): Promise<string> {
    const { code, stdout, stderr } = await this.command(args, options);
    if (code !== 0) throw new Error(`${args.join(' ')} failed:\n${stdout}\n${stderr}`);
    return stdout;
  }

  /** Makes a backup. */
  async backUp(): Promise<BackupFile> {
    await this.succeed(['backup:run']);
    return (await this.backups()).at(-1)!;
  }

  backups(): Promise<BackupFile[]> {
    return listBackupFiles(this.dir);
  }

  files(): Promise<string[]> {
    return readdir(this.dir);
  }

  /** One statement as the owner of whatever database has the name now. */
  async sql<Row extends pg.QueryResultRow>(text: string, values: unknown[] = []): Promise<Row[]> {
    try {
      return (await this.pool.query<Row>(text, values)).rows;
    } catch (error) {
      const { code, message } = error as { code?: string; message: string };
      if (code !== '57P01' && !/terminated/i.test(message)) throw error;
      await this.reconnect();
      return (await this.pool.query<Row>(text, values)).rows;
    }
  }

  /** Somebody else's connection, which nobody may be able to end. */
  async connect(url: string, application: string): Promise<pg.Client> {
    const client = new pg.Client({ connectionString: url, application_name: application });
    client.on('error', () => undefined);
    await client.connect();
    return client;
  }

  /** What a broken disk does to a table. @param file as pg_relation_filepath tells it */
  async loseFile(file: string): Promise<void> {
    await this.asSuperuser('CHECKPOINT');
    const [settings] = await this.asSuperuser<{ folder: string }>(
      `SELECT current_setting('data_directory') AS folder`,
    );
    await rm(path.join(settings!.folder, file));
    // Connections hold the file open.
    await this.asSuperuser(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${this.database.name}'`,
    );
    await this.reconnect();
  }

  async reconnect(): Promise<void> {
    await this.pool.end();
    this.pool = openPool(this.database.urls.owner);
  }

  async sqlIn<Row extends pg.QueryResultRow>(database: string, text: string): Promise<Row[]> {
    const pool = openPool(this.database.urls.owner.replace(this.database.name, database));
    try {
      return (await pool.query<Row>(text)).rows;
    } finally {
      await pool.end();
    }
  }

  /** Databases whose names begin as this one's, without it. */
  async siblings(): Promise<string[]> {
    const rows = await this.asSuperuser<{ name: string }>(
      `SELECT datname AS name FROM pg_database WHERE starts_with(datname, '${this.database.name}_') ORDER BY 1`,
    );
    return rows.map(({ name }) => name);
  }

  async asSuperuser<Row extends pg.QueryResultRow>(text: string): Promise<Row[]> {
    const client = new pg.Client({ connectionString: this.database.superuserUrl });
    client.on('error', () => undefined);
    await client.connect();
    try {
      return (await client.query<Row>(text)).rows;
    } finally {
      await client.end();
    }
  }

  /** Everything that the service keeps, but for what a restore is meant to change. */
  async content(): Promise<unknown> {
    return {
      users: await this.sql('SELECT id, email FROM users ORDER BY id'),
      notes: await this.sql('SELECT id, sealed_content FROM notes ORDER BY id'),
      sessions: await this.sql('SELECT id FROM sessions ORDER BY id'),
      ballots: await this.sql('SELECT id FROM ballots ORDER BY id'),
      maintenance: await this.sql('SELECT * FROM maintenance'),
    };
  }

  /** Registers and logs in a new person. */
  async signUp(service: ServiceProcess): Promise<Actor> {
    counter += 1;
    const person = {
      name: `Person ${counter}`,
      email: `person-${process.pid}-${counter}@example.com`,
      password: `a curious otter sings ${counter}`,
    };
    const registered = await service.api.post('/users/register', person);
    if (registered.status !== 201) throw new Error(`register: ${JSON.stringify(registered.body)}`);
    return { ...person, id: registered.body.id, token: await service.logIn(person.email, person.password) };
  }

  /** Gives the default election a candidate. @returns its id */
  async addCandidate(): Promise<number> {
    const [row] = await this.sql<{ id: string }>(
      `INSERT INTO candidates (election_id, name, name_normalized, party)
       SELECT id, 'Ada', 'ada', 'None' FROM elections WHERE is_default RETURNING id`,
    );
    return Number(row!.id);
  }

  /** Ends every service and command that still runs. */
  async killAll(): Promise<void> {
    for (const running of this.processes.filter(({ hasEnded }) => !hasEnded)) running.signal('SIGKILL');
    await Promise.all(this.processes.map(({ ended }) => ended));
  }

  async close(): Promise<void> {
    await this.killAll();
    await this.pool.end();
    for (const name of await this.siblings()) await this.asSuperuser(`DROP DATABASE "${name}" WITH (FORCE)`);
    await this.database.drop();
    await rm(this.dir, { recursive: true, force: true });
  }
}
