import { spawn, type ChildProcess } from 'node:child_process';
import net from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

const LOOK_AGAIN_AFTER_MS = 20;

/** A program of the distribution in the foreground, ended by its own process id. */
export class ChildProgram {
  output = '';
  readonly ended: Promise<number | null>;
  private readonly child: ChildProcess;

  constructor(command: string, args: string[], env: Record<string, string> = {}) {
    this.child = spawn(command, args, {
      env: { PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.child.stdout!, this.child.stderr!]) {
      stream.setEncoding('utf8').on('data', (chunk: string) => {
        this.output += chunk;
      });
    }
    this.ended = new Promise((resolve, reject) => {
      this.child.once('error', reject);
      this.child.once('close', resolve);
    });
  }

  get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  signal(name: NodeJS.Signals): void {
    this.child.kill(name);
  }

  /** Resolves once somebody accepts connections there; rejects when the program ends before. */
  async accepts(port: number): Promise<void> {
    const failure = this.ended.then(() => {
      throw new Error(`The program ended:\n${this.output}`);
    });
    failure.catch(() => undefined);
    while (!(await Promise.race([canConnect(port), failure]))) await delay(LOOK_AGAIN_AFTER_MS);
  }

  async stop(signal: NodeJS.Signals): Promise<number | null> {
    if (!this.hasEnded) this.signal(signal);
    return this.ended;
  }
}

function canConnect(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => {
      resolve(false);
    });
  });
}
