import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { ESLint } from 'eslint';

const ROOT = path.resolve(import.meta.dirname, '../../..');
const eslint = new ESLint({ cwd: ROOT, overrideConfigFile: path.join(ROOT, 'eslint.config.js') });

// Texts are read under names of files that exist: only those have types.
const MODULE_FILE = 'src/health/readiness.service.ts';
const ERRORS_FILE = 'src/common/errors/error-answer.ts';
const CONFIG_FILE = 'src/config/parse-env.ts';
const SPEC_FILE = 'src/common/errors/error-answer.spec.ts';

async function rulesBrokenBy(text: string, file: string): Promise<string[]> {
  const [result] = await eslint.lintText(`${text}\n`, { filePath: path.join(ROOT, file) });
  return (result?.messages ?? []).map(({ ruleId, message }) => ruleId ?? message);
}

const NEST_EXCEPTIONS = [
  ['by its name', `import { NotFoundException } from '@nestjs/common'; throw new NotFoundException();`],
  [
    'under another name',
    `import { HttpException as Answer } from '@nestjs/common'; throw new Answer('', 404);`,
  ],
  ['from a namespace', `import * as nest from '@nestjs/common'; throw new nest.NotFoundException();`],
  [
    'from a file inside the package',
    `import { HttpException as Answer } from '@nestjs/common/exceptions/http.exception.js'; throw new Answer('', 404);`,
  ],
  ['passed on', `export { NotFoundException } from '@nestjs/common';`],
  ['passed on with all the rest', `export * from '@nestjs/common';`],
  [
    'from a dynamic import',
    `const { ConflictException: Answer } = await import('@nestjs/common'); throw new Answer();`,
  ],
  [
    'as a base class',
    `declare const nest: { GoneException: typeof Error }; export class Gone extends nest.GoneException {}`,
  ],
  [
    'that came by any other way',
    `declare const nest: { GoneException: typeof Error }; throw new nest.GoneException();`,
  ],
] as const;

const ENVIRONMENTS = [
  ['process.env', `export const value = process.env['HOME'];`],
  ['process taken apart', `const { env } = process; export const value = env['HOME'];`],
  ['globalThis.process', `export const value = globalThis.process.env['HOME'];`],
  ['global.process', `export const value = global.process.env['HOME'];`],
  ['node:process', `import { env } from 'node:process'; export const value = env['HOME'];`],
  [
    'process as a package',
    `import surroundings from 'process'; export const value = surroundings.env['HOME'];`,
  ],
  ['a dynamic import', `const { env } = await import('node:process'); export const value = env['HOME'];`],
] as const;

const FORBIDDEN = expect.stringMatching(/^no-restricted-(?:imports|properties|syntax)$/);

describe('npm run check refuses an HTTP exception of Nest', () => {
  it.each(NEST_EXCEPTIONS)('%s', async (_, text) => {
    expect(await rulesBrokenBy(text, MODULE_FILE)).toContainEqual(FORBIDDEN);
  });

  it.each(NEST_EXCEPTIONS)('%s, in src/config too', async (_, text) => {
    expect(await rulesBrokenBy(text, CONFIG_FILE)).toContainEqual(FORBIDDEN);
  });
});

describe('npm run check refuses the environment', () => {
  it.each(ENVIRONMENTS)('through %s', async (_, text) => {
    expect(await rulesBrokenBy(text, MODULE_FILE)).toContainEqual(FORBIDDEN);
  });

  it.each(ENVIRONMENTS)('through %s, in src/common/errors too', async (_, text) => {
    expect(await rulesBrokenBy(text, ERRORS_FILE)).toContainEqual(FORBIDDEN);
  });
});

describe('npm run check has nothing against', () => {
  it.each([
    [
      'a service that throws an error of ours',
      MODULE_FILE,
      `import { Injectable } from '@nestjs/common';
       import { MalformedRequestError } from '../common/errors/common.errors.js';
       @Injectable()
       export class Answers {
         refuse(): never { throw new MalformedRequestError(process.platform); }
       }`,
    ],
    [
      "Nest's exceptions where they become answers",
      ERRORS_FILE,
      `import { HttpException } from '@nestjs/common';
       export const isNests = (thrown: unknown): boolean => thrown instanceof HttpException;`,
    ],
    [
      "Nest's exceptions in a test",
      SPEC_FILE,
      `import { HttpException } from '@nestjs/common';
       export const internal = new HttpException('internals', 500);`,
    ],
    ['the environment in src/config', CONFIG_FILE, `export const home = process.env['HOME'];`],
    ['the environment in src/main.ts', 'src/main.ts', `export const home = process.env['HOME'];`],
  ])('%s', async (_, file, text) => {
    expect(await rulesBrokenBy(text, file)).toEqual([]);
  });
});
