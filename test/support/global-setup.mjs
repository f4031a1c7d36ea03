import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startEmbeddedDatabase } from '../../dist/database/embedded/embedded-database.js';
import { prepareTemplate } from './template-database.mjs';

/** One PostgreSQL for the whole run, with a migrated database that every test file copies. */
export default async function globalSetup() {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'mc101-test-'));
  const server = await startEmbeddedDatabase({
    dataDir,
    dataDirIsDefault: false,
    pgBinDir: process.env.MC101_TEST_PG_BIN_DIR,
    searchPath: process.env.PATH,
    fsync: false,
    supervise: false,
    onProgress: () => undefined,
  });
  process.env.MC101_TEST_DATABASE = JSON.stringify({
    appUrl: server.appUrl,
    ownerUrl: server.ownerUrl,
    superuserUrl: server.superuserUrl,
    template: await prepareTemplate(server),
  });
  const emptyEnvFolder = await mkdtemp(path.join(tmpdir(), 'mc101-test-'));
  await chmod(emptyEnvFolder, 0o755);
  await writeFile(path.join(emptyEnvFolder, '.env'), '');
  process.env.MC101_TEST_EMPTY_ENV_FOLDER = emptyEnvFolder;
  globalThis.stopTestDatabase = async () => {
    await server.stop();
    await rm(dataDir, { recursive: true, force: true });
    await rm(emptyEnvFolder, { recursive: true, force: true });
  };
}
