import { spawn, type ChildProcess } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { EmbeddedDatabase } from '../../../src/database/embedded/bring-up.js';

const folder = import.meta.dirname;

export interface ProcessOptions {
  dataDir: string;
  dataDirIsDefault: boolean;
  fsync: boolean;
  pgBinDir?: string;
}

interface Said {
  ready?: EmbeddedDatabase;
  refused?: { name: string; message: string };
  progress?: string;
}

/** A service or a command in a process of its own, as `npm start` and `npm run cli` are. */
export class ServiceProcess {
  readonly progress: string[] = [];
  /** What came of the start: the database, or the sentence. */
  readonly outcome: Promise<Said>;
  private readonly child: ChildProcess;
  private readonly exited: Promise<void>;

  constructor(kind: 'service' | 'command', options: ProcessOptions) {
    this.child = spawn(
      process.execPath,
      [
        '--import',
        path.join(folder, 'typescript-hooks.mjs'),
        path.join(folder, 'process.ts'),
        kind,
        JSON.stringify(options),
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    this.exited = new Promise((resolve) =>
      this.child.once('exit', () => {
        resolve();
      }),
    );
    this.outcome = new Promise((resolve, reject) => {
      createInterface({ input: this.child.stdout! }).on('line', (line) => {
        const said = JSON.parse(line) as Said;
        if (said.progress) this.progress.push(said.progress);
        if (said.ready || said.refused) resolve(said);
      });
      this.child.once('exit', () => {
        reject(new Error('The process ended without a word.'));
      });
    });
  }

  get pid(): number {
    return this.child.pid!;
  }

  /** The database, once it is ready. */
  async ready(): Promise<EmbeddedDatabase> {
    const { ready, refused } = await this.outcome;
    if (!ready) throw new Error(refused?.message);
    return ready;
  }

  /** The sentence of a start that was refused. */
  async refusal(): Promise<string> {
    const { refused } = await this.outcome;
    if (refused?.name !== 'StartupError')
      throw new Error(`Expected a refusal, got ${JSON.stringify(refused)}`);
    return refused.message;
  }

  async stop(): Promise<void> {
    this.child.kill('SIGTERM');
    await this.exited;
  }

  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.exited;
  }
}
