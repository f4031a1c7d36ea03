import { readFileSync } from 'node:fs';
import path from 'node:path';
import { checkout, freePort } from '../support/service-process.js';
import { ChildProgram } from './child-program.js';
import { lineOf, type LogLine } from './log-lines.js';

export const ENTRYPOINT = path.join(checkout, 'deploy', 'nginx', 'entrypoint.sh');

export const SERVER_NAME = 'mc101.test';

/** Limits that no test reaches which is about something else. */
const WIDE_LIMITS = {
  NGINX_RATE_PER_SECOND: '50000',
  NGINX_BURST: '50000',
  NGINX_LOGIN_RATE_PER_MINUTE: '50000',
  NGINX_LOGIN_BURST: '50000',
};

/** What differs from a deployment: hosts, ports and folders. */
export function placesIn(folder: string): Record<string, string> {
  return {
    NGINX_SERVER_NAMES: SERVER_NAME,
    NGINX_LISTEN: '127.0.0.1',
    NGINX_RUN_DIR: path.join(folder, 'run'),
    NGINX_TLS_DIR: path.join(folder, 'tls'),
    NGINX_WEB_DIR: path.join(folder, 'web'),
    NGINX_ACME_DIR: path.join(folder, 'acme'),
    NGINX_ACCESS_LOG: path.join(folder, 'access.log'),
    NGINX_WORKERS: '2',
  };
}

/** The shipped configuration in the real nginx, in front of processes on this machine. */
export class Nginx extends ChildProgram {
  private constructor(
    readonly httpPort: number,
    readonly httpsPort: number,
    private readonly folder: string,
    private readonly env: Record<string, string>,
  ) {
    super(ENTRYPOINT, ['start'], env);
  }

  /**
   * @param folder where it keeps everything, its `web` and `acme` included
   * @param appPorts of the processes on the loopback address
   * @param env variables that differ; without the limits, none gets in the way
   */
  static async start(folder: string, appPorts: number[], env: Record<string, string> = {}): Promise<Nginx> {
    const [httpPort, httpsPort] = [await freePort(), await freePort()];
    const nginx = new Nginx(httpPort, httpsPort, folder, {
      ...placesIn(folder),
      ...WIDE_LIMITS,
      NGINX_HTTP_PORT: String(httpPort),
      NGINX_HTTPS_PORT: String(httpsPort),
      NGINX_APP_SERVERS: appPorts.map((port) => `127.0.0.1:${port}`).join(' '),
      ...env,
    });
    await nginx.accepts(httpsPort);
    return nginx;
  }

  /** Has it take other variables while it runs. */
  async reload(changes: Record<string, string>): Promise<void> {
    const script = new ChildProgram(ENTRYPOINT, ['reload'], { ...this.env, ...changes });
    if ((await script.ended) !== 0) throw new Error(script.output);
  }

  /** The certificate that it made for itself. */
  get certificate(): string {
    return readFileSync(path.join(this.folder, 'tls', 'self-signed.crt'), 'utf8');
  }

  /** What it has written: access log and error log. */
  get log(): string {
    return readFileSync(path.join(this.folder, 'access.log'), 'utf8') + this.output;
  }

  /** The line of the access log about an answer that was given, as soon as it is written. */
  lineOf(requestId: string): Promise<LogLine> {
    return lineOf(requestId, () => this.log);
  }
}
