import { spawn, type ChildProcess } from 'node:child_process';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { ApiClient } from './api-client.js';
import { WIDE_LIMITS } from './test-config.js';

export const checkout = path.dirname(path.dirname(import.meta.dirname));

/** Of every service that tests start, on whatever port: the issuer of tokens, which a later start must still know. */
export const PUBLIC_URL = 'http://localhost:8000';

const BANNER_END = 'Stop with Ctrl-C.';

export interface OsUser {
  uid: number;
  gid: number;
}

export interface ProcessOptions {
  /** Environment variables; nothing of the test's own environment but what finds programs is passed on. */
  env: Record<string, string>;
  user?: OsUser;
  /** Fed to standard input, which then ends. */
  input?: string;
  cwd?: string;
}

export interface Ending {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** A program of this project in a process of its own, with everything that it says. */
export class ProgramProcess {
  stdout = '';
  stderr = '';
  readonly ended: Promise<Ending>;
  protected readonly child: ChildProcess;

  constructor(script: string, args: string[], { env, user, input, cwd }: ProcessOptions) {
    this.child = spawn(process.execPath, [path.join(checkout, script), ...args], {
      // Its .env is empty, and read instead of the checkout's.
      cwd: cwd ?? process.env['MC101_TEST_EMPTY_ENV_FOLDER'],
      env: { ...inherited(), ...env },
      uid: user?.uid,
      gid: user?.gid,
      stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    });
    this.child.stdin?.end(input);
    this.collect('stdout');
    this.collect('stderr');
    this.ended = new Promise((resolve, reject) => {
      this.child.once('error', reject);
      this.child.once('close', (code, signal) => {
        resolve({ code, signal });
      });
    });
  }

  get pid(): number {
    return this.child.pid!;
  }

  get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  signal(name: NodeJS.Signals): void {
    this.child.kill(name);
  }

  /** Resolves once the text stands on standard output; rejects when the process ends without it. */
  async said(text: string): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const look = () => {
        if (this.stdout.includes(text)) resolve();
      };
      this.child.stdout!.on('data', look);
      look();
      this.ended.then(() => {
        reject(new Error(`The process ended without "${text}":\n${this.stdout}\n${this.stderr}`));
      }, reject);
    });
  }

  private collect(stream: 'stdout' | 'stderr'): void {
    this.child[stream]!.setEncoding('utf8').on('data', (chunk: string) => {
      this[stream] += chunk;
    });
  }
}

/** The service as `npm start` runs it, on a data folder and a port of its own. */
export class ServiceProcess extends ProgramProcess {
  readonly api: ApiClient;

  constructor(
    readonly port: number,
    options: ProcessOptions,
  ) {
    super('dist/main.js', [], {
      ...options,
      env: { PORT: String(port), METRICS_PORT: '0', PUBLIC_URL, ...options.env },
    });
    this.api = new ApiClient(`http://127.0.0.1:${port}`);
  }

  async ready(): Promise<this> {
    await this.said(BANNER_END);
    return this;
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<Ending> {
    this.signal(signal);
    return this.ended;
  }

  async logIn(email: string, password: string): Promise<string> {
    const answer = await this.api.post('/users/login', { email, password });
    if (answer.status !== 200) throw new Error(`login: ${JSON.stringify(answer.body)}`);
    return answer.body.access_token;
  }
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function inherited(): Record<string, string> {
  const pgBinDir = process.env['MC101_TEST_PG_BIN_DIR'];
  const folder = process.env['MC101_TEST_EMPTY_ENV_FOLDER'];
  return {
    PATH: process.env['PATH'] ?? '',
    HOME: os.tmpdir(),
    TMPDIR: os.tmpdir(),
    LOG_LEVEL: 'warn',
    BACKUP_CRON: 'off',
    ...WIDE_LIMITS,
    BACKUP_DIR: path.join(folder ?? '/nonexistent', 'backups'),
    ...(pgBinDir ? { PG_BIN_DIR: pgBinDir } : {}),
    // Compiled once a run: hundreds of these processes are started.
    ...(folder ? { NODE_COMPILE_CACHE: path.join(folder, 'compile-cache') } : {}),
  };
}
