import { Worker } from 'node:worker_threads';

export interface StrengthQuestion {
  id: number;
  password: string;
  /** Words that an attacker would try first: the person's own. */
  context: string[];
}

export interface Strength {
  /** 0 (guessed at once) to 4 (out of reach). */
  score: number;
  warning: string | null;
  suggestions: string[];
}

export type StrengthAnswer = Strength & { id: number };

interface Waiting {
  resolve: (strength: Strength) => void;
  reject: (reason: Error) => void;
}

/**
 * Estimates how hard a password is to guess (zxcvbn). A hostile password of 64 characters keeps the estimator busy for
 * half a second, so it has a thread of its own, started when first needed.
 */
export class PasswordStrengthMeter {
  private worker: Worker | undefined;
  private nextId = 0;
  private readonly waiting = new Map<number, Waiting>();

  measure(password: string, context: string[]): Promise<Strength> {
    const worker = (this.worker ??= this.start());
    const id = this.nextId++;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      worker.postMessage({ id, password, context } satisfies StrengthQuestion);
    });
  }

  async close(): Promise<void> {
    await this.worker?.terminate();
  }

  private start(): Worker {
    // The tests run the sources as they are, the service runs what was built of them.
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
    const worker = new Worker(new URL(`./password-strength.worker.${extension}`, import.meta.url));
    worker.unref();
    worker.on('message', ({ id, ...strength }: StrengthAnswer) => {
      this.waiting.get(id)?.resolve(strength);
      this.waiting.delete(id);
    });
    worker.on('error', (error: Error) => {
      this.giveUp(worker, error);
    });
    worker.on('exit', () => {
      this.giveUp(worker, new Error('The thread that estimates passwords has ended.'));
    });
    return worker;
  }

  /** A thread that fails also exits; by then another one may have taken its place. */
  private giveUp(worker: Worker, reason: Error): void {
    if (this.worker !== worker) return;
    this.worker = undefined;
    for (const { reject } of this.waiting.values()) reject(reason);
    this.waiting.clear();
  }
}
