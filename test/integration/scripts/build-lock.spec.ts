import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { spawn, spawnSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { checkout } from '../../support/service-process.js';

/** Stands in for the compiler: notes that it ran, and fails beside another one. */
const COMPILER = `
const fs = require('node:fs');
fs.mkdirSync('compiling');
fs.appendFileSync('compiled', 'once\\n');
setTimeout(() => fs.rmdirSync('compiling'), 200);
`;

let folder: string;
let lock: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'mc101-test-'));
  await cp(path.join(checkout, 'scripts'), path.join(folder, 'scripts'), { recursive: true });
  await mkdir(path.join(folder, 'src'));
  await writeFile(path.join(folder, 'src', 'main.ts'), '');
  const nest = path.join(folder, 'node_modules', '@nestjs', 'cli', 'bin');
  await mkdir(nest, { recursive: true });
  await writeFile(path.join(nest, 'nest.js'), COMPILER);
  lock = path.join(folder, 'node_modules', '.mc101-build.lock');
});
afterEach(() => rm(folder, { recursive: true }));

function build(): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, [path.join(folder, 'scripts', 'build.mjs')], { cwd: folder });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      resolve({ code, output });
    });
  });
}

const deadPid = () => spawnSync(process.execPath, ['--eval', '']).pid;

async function expectBuiltOnce(): Promise<void> {
  expect(await readFile(path.join(folder, 'compiled'), 'utf8')).toBe('once\n');
  expect((await readdir(path.join(folder, 'node_modules'))).sort()).toEqual(['@nestjs']);
}

it('of several builds at once one works, also when a killed one left its lock', async () => {
  await writeFile(lock, String(deadPid()));
  const outcomes = await Promise.all(Array.from({ length: 6 }, build));
  expect(outcomes.filter(({ code }) => code !== 0)).toEqual([]);
  await expectBuiltOnce();
});

it('a build waits for one that is alive', async () => {
  await writeFile(lock, String(process.pid));
  const building = build();
  const waits = await Promise.race([building, watchFor(`${lock}.`)]);
  expect(waits).toBe('seen');
  await expect(readFile(path.join(folder, 'compiled'))).rejects.toThrow('ENOENT');
  await rm(lock);
  expect((await building).output).toContain('waiting for another build…');
  await expectBuiltOnce();
});

it('an empty lock locks nobody out for more than moments', async () => {
  await writeFile(lock, '');
  const past = new Date(Date.now() - 60_000);
  await utimes(lock, past, past);
  expect((await build()).code).toBe(0);
  await expectBuiltOnce();
});

it('a lock that was left behind by a build in its removal is removed too', async () => {
  const pid = String(deadPid());
  await writeFile(lock, pid);
  await writeFile(`${lock}.removal`, pid);
  expect((await build()).code).toBe(0);
  await expectBuiltOnce();
});

/** Resolves once there is a file of this prefix: a build has come to the lock. */
async function watchFor(prefix: string): Promise<'seen'> {
  for (;;) {
    const names = await readdir(path.dirname(prefix));
    if (names.some((name) => name.startsWith(path.basename(prefix)))) return 'seen';
  }
}
