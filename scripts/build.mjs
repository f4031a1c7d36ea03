// Builds dist/ when it is older than what it is made of, and says how long it takes.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { preflight, root } from './preflight.mjs';

const CONFIG = ['package-lock.json', 'tsconfig.json', 'tsconfig.build.json', 'nest-cli.json', '.swcrc'];
/** Written by the build itself. */
const GENERATED = 'src/metadata.ts';
const STAMP = path.join(root, 'dist', '.build-stamp');
const LOCK = path.join(root, 'node_modules', '.mc101-build.lock');
const LOCK_REMOVAL = `${LOCK}.removal`;
/** After which a lock without a pid counts as left behind by an older version that was killed while it wrote it. */
const NAMELESS_FOR_MS = 5_000;
const NEST = path.join(root, 'node_modules', '@nestjs', 'cli', 'bin', 'nest.js');

/**
 * Brings dist/ up to date; ends the process with the compiler's whole output when that fails.
 * `quiet`: no word unless it fails. `onlyIfMissing`: an older build serves, so that nothing is taken away from a
 * service that runs on it.
 */
export async function build({ quiet = false, onlyIfMissing = false } = {}) {
  // An image that carries dist/ alone has nothing to compare it with.
  if (!existsSync(path.join(root, 'src')) && existsSync(STAMP)) return;
  const fingerprint = fingerprintSources();
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === fingerprint) return;
  if (onlyIfMissing && existsSync(STAMP)) {
    console.error('dist/ is older than the sources; "npm run build" renews it once the service is stopped.');
    return;
  }
  if (!existsSync(NEST)) {
    console.error('The build needs the development packages: run "npm ci --include=dev" first.');
    process.exit(1);
  }

  const unlock = await lockBuild(quiet);
  try {
    // Another build may have finished while this one waited.
    if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === fingerprint) return;
    await compile(fingerprint, quiet);
  } finally {
    unlock();
  }
}

async function compile(fingerprint, quiet) {
  rmSync(STAMP, { force: true });
  // The build writes this file while it already compiles what imports it, and one of an older checkout names
  // files that are gone.
  writeFileSync(path.join(root, GENERATED), 'export default async () => ({});\n');
  const progress = quiet ? undefined : showProgress();
  const { code, output } = await run(process.execPath, [NEST, 'build']);
  progress?.end(code === 0);
  if (code !== 0) {
    console.error(output.trimEnd());
    console.error('The build failed; see above.');
    rmSync(LOCK, { force: true });
    process.exit(1);
  }
  mkdirSync(path.dirname(STAMP), { recursive: true });
  writeFileSync(STAMP, fingerprint);
}

/**
 * One build at a time: a second one would remove the first one's files. A dead process locks nobody out. The lock is a
 * link to a file that says whose it is already, so that no lock is ever half written.
 */
async function lockBuild(quiet) {
  const own = `${LOCK}.${process.pid}`;
  try {
    writeFileSync(own, String(process.pid));
    for (let attempt = 1; !link(own, LOCK); attempt++) {
      if (isDead(LOCK)) removeDeadLock(own);
      else if (attempt === 1 && !quiet) console.log('waiting for another build…');
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return () => rmSync(LOCK, { force: true });
  } catch (error) {
    rmSync(own, { force: true });
    console.error(`The build cannot write to ${root} (${error.code}): start as the user who owns it.`);
    process.exit(1);
  } finally {
    rmSync(own, { force: true });
  }
}

/** One waiter at a time: a second one would remove the lock that somebody has taken since the first removed the dead one. */
function removeDeadLock(own) {
  if (!link(own, LOCK_REMOVAL)) {
    // Held for the moment that this function takes: only a process that was killed in it leaves it behind.
    if (isDead(LOCK_REMOVAL)) rmSync(LOCK_REMOVAL, { force: true });
    return;
  }
  try {
    if (isDead(LOCK)) rmSync(LOCK, { force: true });
  } finally {
    rmSync(LOCK_REMOVAL, { force: true });
  }
}

/** False when the name is taken. */
function link(existing, name) {
  try {
    linkSync(existing, name);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

/** Whether nobody holds this lock any more: its process is gone, or it has not said for a while whose it is. */
function isDead(lock) {
  const pid = readHolder(lock);
  // This process asks only while it has no lock: one with its pid is of another boot, or of another container.
  if (pid > 0) return pid === process.pid || !isAlive(pid);
  const { mtimeMs } = statSync(lock, { throwIfNoEntry: false }) ?? { mtimeMs: Infinity };
  return Date.now() - mtimeMs > NAMELESS_FOR_MS;
}

/** 0 when the file does not tell. */
function readHolder(lock) {
  try {
    return Number(readFileSync(lock, 'utf8')) || 0;
  } catch {
    return 0;
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** By content: a checkout or a copy gives files new times without changing them. */
function fingerprintSources() {
  const sources = readdirSync(path.join(root, 'src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)))
    .filter((file) => !file.endsWith('.spec.ts') && file !== GENERATED)
    .sort();
  const hash = createHash('sha256').update(process.versions.node);
  for (const file of [...CONFIG, ...sources]) {
    const full = path.join(root, file);
    if (!existsSync(full)) continue;
    const content = readFileSync(full);
    hash.update(`${file}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}

function run(command, args) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8');
      stream.on('data', (text) => (output += text));
    }
    child.on('error', (error) => {
      resolve({ code: 1, output: `${output}${error.message}` });
    });
    child.on('close', (code) => {
      resolve({ code: code ?? 1, output });
    });
  });
}

/** One line that counts the seconds on a terminal; elsewhere a line every two seconds. */
function showProgress() {
  const terminal = process.stdout.isTTY;
  const started = performance.now();
  const seconds = () => Math.round((performance.now() - started) / 1000);
  const write = (text) => process.stdout.write(terminal ? `\r\x1b[K${text}` : `${text}\n`);
  write('building…');
  const timer = setInterval(
    () => {
      write(`building… ${seconds()} s`);
    },
    terminal ? 1000 : 2000,
  );
  return {
    end(succeeded) {
      clearInterval(timer);
      write(`${succeeded ? 'built' : 'not built'} in ${seconds()} s`);
      if (terminal) process.stdout.write('\n');
    },
  };
}

if (process.argv[1] && path.resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  preflight();
  await build();
}
