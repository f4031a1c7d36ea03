// A measured server as a process of its own.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const root = path.resolve(fileURLToPath(import.meta.url), '../../..');

const METER = pathToFileURL(path.join(root, 'test/bench/meter.mjs')).href;
const READY_WITHIN_MS = 30_000;
const STOPS_WITHIN_MS = 15_000;
const KEPT_STDERR = 4000;

/** A running server: where it listens, what CPU time it has used, and how to end it. */
class Child {
  stderr = '';
  hasEnded = false;

  constructor(name, process, url) {
    this.name = name;
    this.process = process;
    this.url = url;
    process.stderr.setEncoding('utf8').on('data', (text) => {
      this.stderr = (this.stderr + text).slice(-KEPT_STDERR);
    });
    process.once('exit', () => {
      this.hasEnded = true;
    });
  }

  /** @returns CPU time of all its threads so far, in microseconds. */
  async cpuMicroseconds() {
    this.process.send('cpu');
    const [{ user, system }] = await once(this.process, 'message');
    return user + system;
  }

  async stop() {
    if (this.hasEnded) return;
    const ended = once(this.process, 'exit');
    this.process.kill('SIGTERM');
    const kill = delay(STOPS_WITHIN_MS, undefined, { ref: false }).then(() => this.process.kill('SIGKILL'));
    await Promise.race([ended, kill]);
    await ended;
  }
}

/**
 * Starts a server and waits until its /health answers.
 * @param script relative to the repository
 * @param environment gets the port as PORT
 */
export async function startChild({ name, script, environment, execArgv = [], onExit }) {
  const port = await findFreePort();
  const child = new Child(
    name,
    fork(path.join(root, script), {
      // Its .env is empty, and read instead of the checkout's.
      cwd: environment.DATA_DIR,
      env: { PATH: process.env.PATH, PORT: String(port), ...environment },
      execArgv: [...execArgv, '--import', METER],
      // The log goes nowhere: it costs what a log costs, without a reader on the same machine.
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    }),
    `http://127.0.0.1:${port}`,
  );
  onExit(() => child.stop());
  await waitUntilHealthy(child);
  return child;
}

async function waitUntilHealthy(child) {
  const deadline = Date.now() + READY_WITHIN_MS;
  while (Date.now() < deadline) {
    if (child.hasEnded) throw new Error(`The ${child.name} ended instead of starting:\n${child.stderr}`);
    const answer = await globalThis.fetch(`${child.url}/health`).catch(() => undefined);
    if (answer?.ok) return;
    await delay(50);
  }
  throw new Error(`The ${child.name} did not answer /health within ${READY_WITHIN_MS} ms.\n${child.stderr}`);
}

async function findFreePort() {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  await once(probe, 'close');
  return port;
}
