import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type pg from 'pg';
import { freePort, ServiceProcess } from '../support/service-process.js';
import { createTestDatabase, openPool, type TestDatabase } from '../support/test-database.js';
import { makeVoters, type Voter } from '../support/voters.js';
import { HttpsClient } from './https-client.js';
import { lineOf, type LogLine } from './log-lines.js';
import { Nginx, SERVER_NAME } from './nginx.js';
import { Redis } from './redis.js';

const PROCESSES = 3;

export const ADMIN = { email: 'admin@example.com', password: 'seven otters at noon by the quiet harbour' };

interface DeploymentOptions {
  /** Environment variables of every app process. */
  env?: Record<string, string>;
  /** Environment variables of nginx; without them its limits are out of the way. */
  nginx?: Record<string, string>;
}

/** The whole service as an operator runs it: nginx before three processes on one database, and a Redis. */
export class Deployment {
  readonly services: ServiceProcess[] = [];
  nginx!: Nginx;
  redis!: Redis;
  /** As the schema's owner: for looking into tables. */
  sql!: pg.Pool;
  private database: TestDatabase | undefined;
  private readonly clients: HttpsClient[] = [];
  private env: Record<string, string> = {};

  private constructor(readonly folder: string) {}

  static async start(options: DeploymentOptions = {}): Promise<Deployment> {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'mc101-test-'));
    // The workers of nginx are somebody else.
    await chmod(folder, 0o755);
    const deployment = new Deployment(folder);
    try {
      await deployment.bringUp(options);
    } catch (error) {
      await deployment.close();
      throw error;
    }
    return deployment;
  }

  /** A client at this address, nobody yet. */
  clientAt(address: string): HttpsClient {
    const { httpsPort, certificate } = this.nginx;
    const client = HttpsClient.at(address, { name: SERVER_NAME, port: httpsPort, certificate });
    this.clients.push(client);
    return client;
  }

  /** Starts one more process on this port, as an operator would after it ended. */
  async startService(port: number): Promise<ServiceProcess> {
    const service = new ServiceProcess(port, { env: this.env });
    this.services.push(service);
    return service.ready();
  }

  /** People with sessions, and candidates for them. */
  async makeVoters(size: number): Promise<Voter[]> {
    const [service] = this.services;
    const secrets = {
      JWT_SECRET_KEY: this.env['JWT_SECRET_KEY']!,
      TOKEN_PEPPER: this.env['TOKEN_PEPPER']!,
      APP_ENCRYPTION_KEY: this.env['APP_ENCRYPTION_KEY']!,
      LOG_SIGNING_KEY: this.env['LOG_SIGNING_KEY']!,
    };
    return makeVoters({
      size,
      service: service!,
      admin: ADMIN,
      query: async (text, values) => (await this.sql.query<Record<string, unknown>>(text, values)).rows,
      env: this.env,
      secrets,
    });
  }

  /** Everything that the app processes have logged. */
  get appLog(): string {
    return this.services.map(({ stdout, stderr }) => stdout + stderr).join('');
  }

  /** The line of the app's log about an answer that was given, as soon as it is written; events have lines beside it. */
  appLineOf(requestId: string): Promise<LogLine> {
    return lineOf(requestId, () => this.requestLines.join('\n'));
  }

  private get requestLines(): string[] {
    return this.appLog.split('\n').filter((line) => line.endsWith('"message":"request"}'));
  }

  async close(): Promise<void> {
    for (const client of this.clients) client.close();
    await (this.nginx as Nginx | undefined)?.stop('SIGTERM');
    for (const service of this.services) if (!service.hasEnded) service.signal('SIGKILL');
    await Promise.all(this.services.map(({ ended }) => ended));
    await (this.redis as Redis | undefined)?.stop('SIGKILL');
    await (this.sql as pg.Pool | undefined)?.end();
    await this.database?.drop();
    await rm(this.folder, { recursive: true, force: true });
  }

  private async bringUp({ env = {}, nginx = {} }: DeploymentOptions): Promise<void> {
    this.database = await createTestDatabase();
    this.sql = openPool(this.database.urls.owner);
    this.redis = await Redis.start(this.folder);
    this.env = { ...productionEnv(this.database, this.folder), REDIS_URL: this.redis.url, ...env };
    const ports: number[] = [];
    while (ports.length < PROCESSES) ports.push(await freePort());
    await Promise.all(ports.map((port) => this.startService(port)));
    this.nginx = await Nginx.start(this.folder, ports, nginx);
  }
}

function productionEnv({ urls }: TestDatabase, folder: string): Record<string, string> {
  const key = () => `k1:${randomBytes(32).toString('base64')}`;
  return {
    NODE_ENV: 'production',
    PUBLIC_URL: `https://${SERVER_NAME}`,
    TRUSTED_PROXIES: '127.0.0.1',
    DATABASE_URL: urls.app,
    DATABASE_OWNER_URL: urls.owner,
    JWT_SECRET_KEY: key(),
    TOKEN_PEPPER: key(),
    APP_ENCRYPTION_KEY: key(),
    LOG_SIGNING_KEY: key(),
    MAIL_DISABLED: 'true',
    ADMIN_EMAIL: ADMIN.email,
    ADMIN_PASSWORD: ADMIN.password,
    DATA_DIR: path.join(folder, 'data'),
    BACKUP_DIR: path.join(folder, 'backups'),
    BACKUP_CRON: 'off',
    METRICS_PORT: '0',
    LOG_LEVEL: 'info',
  };
}
