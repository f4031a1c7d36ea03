import { Writable } from 'node:stream';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type pg from 'pg';
import { createApp } from '../../src/app.setup.js';
import { MailDelivery } from '../../src/mail/delivery/mail-delivery.service.js';
import { MailMessagesRepository } from '../../src/mail/outbox/mail-messages.repository.js';
import type { OutgoingMail } from '../../src/mail/transports/mail-transport.js';
import { AccessTokensService } from '../../src/auth/tokens/access-tokens.service.js';
import { createLogger } from '../../src/common/logging/logger.js';
import type { AppConfig } from '../../src/config/app-config.js';
import { ApiClient, type Actor } from './api-client.js';
import { createTestDatabase, openPool, type TestDatabase } from './test-database.js';
import { insertCrowd } from './voters.js';
import { testConfig } from './test-config.js';

let counter = 0;

/** A number that no other actor of this process has. */
export function unique(): string {
  counter += 1;
  return `${process.pid}-${counter}`;
}

/** The whole service on a database and a port of its own, with the words to use it in a test. */
export class TestServer {
  readonly api: ApiClient;

  constructor(
    readonly app: NestFastifyApplication,
    readonly config: AppConfig,
    readonly database: TestDatabase,
    /** Everything the service has logged, as text. */
    readonly log: () => string,
    /** As the schema's owner: for looking into tables and for tampering. */
    readonly sql: pg.Pool,
    readonly url: string,
    private readonly ownsDatabase: boolean,
  ) {
    this.api = new ApiClient(url);
  }

  as(actor: Pick<Actor, 'token'>): ApiClient {
    return this.api.as(actor);
  }

  /** Registers and logs in a new person. */
  async signUp(
    overrides: Partial<{ name: string; email: string; password: string; username: string }> = {},
  ): Promise<Actor> {
    const id = unique();
    const person = {
      name: `Person ${id}`,
      email: `person-${id}@example.com`,
      password: `a curious otter sings ${id}`,
      ...overrides,
    };
    const registered = await this.api.post('/users/register', person);
    if (registered.status !== 201) throw new Error(`register: ${JSON.stringify(registered.body)}`);
    return { ...person, id: registered.body.id, token: await this.logIn(person) };
  }

  async logIn({ email, password }: { email: string; password: string }): Promise<string> {
    const answer = await this.api.post('/users/login', { email, password });
    if (answer.status !== 200) throw new Error(`login: ${JSON.stringify(answer.body)}`);
    return answer.body.access_token;
  }

  async signUpAdmin(): Promise<Actor> {
    const admin = await this.signUp();
    await this.sql.query(`UPDATE users SET role = 'admin' WHERE id = $1`, [admin.id]);
    return admin;
  }

  /** Many people with sessions and no passwords. */
  async signUpCrowd(size: number): Promise<Actor[]> {
    const crowd = await insertCrowd({
      size,
      mark: unique(),
      query: async (text, values) => (await this.sql.query<Record<string, unknown>>(text, values)).rows,
      tokens: this.app.get(AccessTokensService),
    });
    return crowd.map((newcomer) => ({ ...newcomer, name: 'Voter', password: '' }));
  }

  /** The mails to somebody that wait to be sent, oldest first. In tests nothing sends them by itself. */
  async mailsTo(address: string): Promise<(OutgoingMail & { kind: string })[]> {
    const open = await this.app.get(MailMessagesRepository).listOpen();
    return open
      .filter(({ hasExpired }) => !hasExpired)
      .map((message) => ({ ...this.app.get(MailDelivery).compose(message), kind: message.kind }))
      .filter(({ to }) => to === address);
  }

  async close(): Promise<void> {
    await this.app.close();
    await this.sql.end();
    if (this.ownsDatabase) await this.database.drop();
  }
}

interface TestServerOptions {
  /** Environment variables that differ from the test configuration. */
  env?: Record<string, string>;
  /** Another process of the same service: shares this database. */
  database?: TestDatabase;
}

export async function startTestServer({ env = {}, database }: TestServerOptions = {}): Promise<TestServer> {
  const ownDatabase = database ?? (await createTestDatabase());
  const config = testConfig(ownDatabase.urls, env);
  const lines: string[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString());
      done();
    },
  });
  const app = await createApp(config, createLogger(config.logLevel, stream));
  try {
    await app.listen(config.port, '127.0.0.1');
  } catch (error) {
    // What has begun by then must not go on beside the next test.
    await app.close();
    throw error;
  }
  const sql = openPool(ownDatabase.urls.owner);
  return new TestServer(
    app,
    config,
    ownDatabase,
    () => lines.join(''),
    sql,
    await app.getUrl(),
    database === undefined,
  );
}
