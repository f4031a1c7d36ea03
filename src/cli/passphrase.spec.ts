import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { choosePassphrase, readPassphrase } from './passphrase.js';
import type { Terminal } from './read-hidden.js';

const STRONG = 'seven quiet herons borrow a lamp';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'mc101-test-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function terminalWith(typed: string, isTTY = true): Terminal {
  const input = Object.assign(new PassThrough(), { isTTY, setRawMode: () => undefined });
  input.write(typed);
  return { input, output: new PassThrough().resume(), interrupt: () => undefined };
}

async function inFile(text: string): Promise<{ passphraseFile: string }> {
  const passphraseFile = path.join(folder, 'passphrase');
  await writeFile(passphraseFile, text);
  return { passphraseFile };
}

describe('a passphrase that is chosen', () => {
  it('is typed twice, and must be the same', async () => {
    expect(await choosePassphrase({}, terminalWith(`${STRONG}\r${STRONG}\r`))).toBe(STRONG);
    await expect(choosePassphrase({}, terminalWith(`${STRONG}\r${STRONG}s\r`))).rejects.toThrow('differ');
  });

  it.each([
    ['nineteen characters', 'kX9#vQ2$mL7@pR4!wZ1', 'less than 20 characters'],
    ['one letter again and again', 'a'.repeat(40), 'easy to guess'],
    ['a keyboard row', 'qwertyuiopasdfghjklzxcvbnm', 'easy to guess'],
  ])('is refused for %s', async (_, passphrase, why) => {
    await expect(choosePassphrase(await inFile(passphrase))).rejects.toThrow(why);
  });

  it('may come from a file, whose last line break is none of it', async () => {
    expect(await choosePassphrase(await inFile(`${STRONG}\n`))).toBe(STRONG);
    expect(await readPassphrase(await inFile(`${STRONG} \r\n`))).toBe(`${STRONG} `);
  });
});

it('without a terminal and without a file, the option is named', () => {
  expect(() => readPassphrase({}, terminalWith('', false))).toThrow('--passphrase-file');
});

it('a file that is not there is named', async () => {
  await expect(readPassphrase({ passphraseFile: path.join(folder, 'none') })).rejects.toThrow(/none.*ENOENT/);
});
