import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { freePort } from '../support/service-process.js';
import { HttpsClient, type Site } from './https-client.js';
import { Nginx, SERVER_NAME } from './nginx.js';

/** nginx whose app does not run, for what it answers by itself. */
export interface NginxAlone {
  nginx: Nginx;
  folder: string;
  site: Site;
  client: HttpsClient;
  /** Its address for plain HTTP, and the one for TLS. */
  httpUrl: string;
  httpsUrl: string;
  close: () => Promise<void>;
}

/** @param files of the web app and of certbot, by their path in the folder */
export async function startNginxAlone(files: Record<string, string> = {}): Promise<NginxAlone> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'mc101-test-'));
  // The workers are somebody else.
  await chmod(folder, 0o755);
  for (const [name, content] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
    await writeFile(path.join(folder, name), content);
  }
  const nginx = await Nginx.start(folder, [await freePort(), await freePort()]);
  const site = { name: SERVER_NAME, port: nginx.httpsPort, certificate: nginx.certificate };
  const client = HttpsClient.at('127.0.0.1', site);
  return {
    nginx,
    folder,
    site,
    client,
    httpUrl: `http://127.0.0.1:${nginx.httpPort}`,
    httpsUrl: `https://127.0.0.1:${nginx.httpsPort}`,
    close: async () => {
      client.close();
      await nginx.stop('SIGTERM');
      await rm(folder, { recursive: true, force: true });
    },
  };
}
