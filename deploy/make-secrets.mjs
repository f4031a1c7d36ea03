// Fills a folder with the secrets that docker-compose.yml needs, each in a file that only the container's user reads.
// What is there already stays as it is, so that it can run at every start.
//
//   node deploy/make-secrets.mjs SECRETS_FOLDER [FOLDER_OF_THE_APP...]
//
// The other folders, with the files that lie in them, are handed to the app's user.
import { randomBytes } from 'node:crypto';
import { chmod, chown, lchown, link, lstat, mkdir, open, readFile, readdir, unlink } from 'node:fs/promises';
import path from 'node:path';

/**
 * Who reads a folder: the users of deploy/Dockerfile and of the images of PostgreSQL and Redis. `tls` is nginx's, which
 * begins as root, and holds only what the operator puts there.
 */
const READERS = { app: 10_001, postgres: 999, redis: 999, tls: 0 };

const keyRing = () => `k1:${randomBytes(32).toString('base64')}`;
/** Hexadecimal, so that it needs no quoting in a URL, in SQL or in a configuration file. */
const password = () => randomBytes(32).toString('hex');
/** The settings of Redis are where its password is, also in secrets that were made before there was this address. */
const redisUrl = async (folder) => {
  const file = path.join(folder, 'redis', 'redis.conf');
  const [, given] =
    /^requirepass (\S+)$/m.exec(await read(file)) ?? fail(`${file} has no line "requirepass …".`);
  return `redis://:${encodeURIComponent(given)}@redis:6379`;
};
const urlOf = (role) => async (folder) =>
  `postgresql://${role}:${await read(path.join(folder, 'postgres', `${role}_password`))}@postgres:5432/mc101`;

/** In the order in which they are made: an address holds a password. */
const SECRETS = {
  'app/jwt_secret_key': keyRing,
  'app/token_pepper': keyRing,
  'app/app_encryption_key': keyRing,
  'app/log_signing_key': keyRing,
  'postgres/superuser_password': password,
  'postgres/mc101_owner_password': password,
  'postgres/mc101_app_password': password,
  'app/database_url': urlOf('mc101_app'),
  'app/database_owner_url': urlOf('mc101_owner'),
  'redis/redis.conf': () => `requirepass ${password()}`,
  'app/redis_url': redisUrl,
};

const [secretsFolder, ...foldersOfTheApp] = process.argv.slice(2);
if (secretsFolder === undefined)
  fail('usage: node deploy/make-secrets.mjs SECRETS_FOLDER [FOLDER_OF_THE_APP...]');

// Only root can give files to the users of the containers; anybody else keeps them, for containers that run as him.
const isRoot = process.getuid() === 0;

await mkdir(secretsFolder, { recursive: true });
// Whatever the checkout's own list says: these files are committed nowhere.
await create(path.join(secretsFolder, '.gitignore'), '*', 0o644);
for (const [reader, uid] of Object.entries(READERS)) {
  const folder = path.join(secretsFolder, reader);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  if (isRoot) await chown(folder, uid, uid);
  await chmod(folder, 0o700);
}
const made = [];
for (const [name, draw] of Object.entries(SECRETS)) {
  const file = path.join(secretsFolder, name);
  const isNew = (await lstat(file).catch(() => undefined)) === undefined;
  if (isNew && (await create(file, await draw(secretsFolder), 0o400))) made.push(name);
  await read(file);
  await handOver(file, READERS[path.dirname(name)]);
}
for (const folder of foldersOfTheApp) {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  // A link is handed over itself, never what it points at.
  for (const name of await readdir(folder)) await handOver(path.join(folder, name), READERS.app);
  await handOver(folder, READERS.app);
  await chmod(folder, 0o700);
}
console.log(made.length === 0 ? 'Every secret is there already.' : `Made ${made.join(', ')}.`);

/** Appears under its name only when it is whole and on the disk; false when somebody else was first. */
async function create(file, content, mode) {
  const temporary = `${file}.tmp-${randomBytes(6).toString('hex')}`;
  const handle = await open(temporary, 'wx', mode);
  try {
    await handle.writeFile(`${content}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  try {
    await link(temporary, file);
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    return false;
  } finally {
    await unlink(temporary);
  }
}

async function read(file) {
  if (!(await lstat(file)).isFile()) fail(`${file} is no ordinary file: put the file itself in its place.`);
  const content = (await readFile(file, 'utf8')).trim();
  if (content === '') fail(`${file} is empty: restore it from your copy, or remove it to get a new one.`);
  return content;
}

async function handOver(file, uid) {
  if (isRoot) await lchown(file, uid, uid);
}

function fail(sentence) {
  console.error(sentence);
  process.exit(1);
}
