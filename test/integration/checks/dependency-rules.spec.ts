import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

const ROOT = path.resolve(import.meta.dirname, '../../..');

/** A small house that breaks each rule once. */
const FILES: Record<string, string> = {
  'src/users/one.ts': `import './two.js'; export const one = 1;`,
  'src/users/two.ts': `import './one.js'; export const two = 2;`,
  'src/users/users.repository.ts': `export const users = 1;`,
  'src/auth/reads-foreign-repository.ts': `import '../users/users.repository.js';`,
  'src/users/reaches-up.ts': `import '../auth/reads-foreign-repository.js';`,
  'src/crypto/uses-nest.ts': `import '@nestjs/common';`,
  'src/voting/counting/uses-nest.ts': `import '@nestjs/common';`,
  'src/notes/note.ts': `export const note = 1;`,
  'src/voting/uses-notes.ts': `import '../notes/note.js';`,
  'src/auth/login.service.ts': `import { DataSource } from 'typeorm'; export const used = DataSource;`,
  'src/users/uses-test-tool.ts': `import 'fast-check';`,
  'src/root-file.ts': `import './users/users.repository.js';`,
  'src/unlisted/between.ts': `import '../notes/note.js'; import '../voting/uses-notes.js';`,
  'src/users/goes-round.ts': `import '../unlisted/between.js';`,
  'src/users/uses-root-file.ts': `import '../root-file.js';`,
  'src/crypto/uses-network.ts': `import 'node:http';`,
  'src/voting/transparency/reads-files.ts': `export const read = () => import('fs');`,
  'src/crypto/hash.ts': `import 'node:crypto'; import 'node:buffer'; import 'node:util';`,
};

let house: string;
let broken: { rule: string; from: string }[];

beforeAll(() => {
  house = mkdtempSync(path.join(tmpdir(), 'mc101-rules-'));
  for (const file of ['.dependency-cruiser.js', 'tsconfig.json', 'package.json']) {
    cpSync(path.join(ROOT, file), path.join(house, file));
  }
  symlinkSync(path.join(ROOT, 'node_modules'), path.join(house, 'node_modules'));
  for (const [file, text] of Object.entries(FILES)) {
    mkdirSync(path.dirname(path.join(house, file)), { recursive: true });
    writeFileSync(path.join(house, file), text);
  }
  const cruiser = path.join(ROOT, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs');
  const run = spawnSync(
    process.execPath,
    [cruiser, '--config', '.dependency-cruiser.js', '--output-type', 'json', 'src'],
    {
      cwd: house,
      encoding: 'utf8',
    },
  );
  const { summary } = JSON.parse(run.stdout);
  broken = summary.violations.map((violation: any) => ({ rule: violation.rule.name, from: violation.from }));
});

afterAll(() => {
  rmSync(house, { recursive: true, force: true });
});

describe('npm run check refuses', () => {
  it.each([
    ['a cycle', 'no-cycle', 'src/users/one.ts'],
    ["another module's repository", 'no-foreign-repository', 'src/auth/reads-foreign-repository.ts'],
    ["another module's repository in a file right under src/", 'no-foreign-repository', 'src/root-file.ts'],
    ['a folder without a place in the layers', 'folder-without-layer', 'src/unlisted/between.ts'],
    ['the use of such a folder', 'use-of-folder-without-layer', 'src/users/goes-round.ts'],
    ['a module that uses what is put together above it', 'root-files-on-top', 'src/users/uses-root-file.ts'],
    ['a lower module that uses a higher one', 'layer-of-users', 'src/users/reaches-up.ts'],
    ['Nest inside crypto', 'primitives-are-pure', 'src/crypto/uses-nest.ts'],
    ['Nest inside counting', 'primitives-are-pure', 'src/voting/counting/uses-nest.ts'],
    ['the network inside crypto', 'primitives-are-pure', 'src/crypto/uses-network.ts'],
    ['files inside transparency', 'primitives-are-pure', 'src/voting/transparency/reads-files.ts'],
    ['neighbours that know each other', 'notes-apart-from-voting', 'src/voting/uses-notes.ts'],
    ['TypeORM outside a repository', 'only-repositories-touch-typeorm', 'src/auth/login.service.ts'],
    ['a development package at run time', 'no-development-packages', 'src/users/uses-test-tool.ts'],
  ])('%s', (_, rule, from) => {
    expect(broken).toContainEqual({ rule, from });
  });

  it.each(['src/notes/note.ts', 'src/crypto/hash.ts', 'src/users/users.repository.ts'])(
    'nothing in %s, which is as it should be',
    (from) => {
      expect(broken).not.toContainEqual(expect.objectContaining({ from }));
    },
  );
});
