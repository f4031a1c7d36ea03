import { PassThrough } from 'node:stream';
import { beforeEach, expect, it } from '@jest/globals';
import { InputEndedError, readHidden, type Terminal } from './read-hidden.js';

let typing: PassThrough;
let shown: string;
let modes: boolean[];
let interrupts: number;
let terminal: Terminal;

beforeEach(() => {
  typing = new PassThrough();
  shown = '';
  modes = [];
  interrupts = 0;
  const output = new PassThrough().setEncoding('utf8');
  output.on('data', (text: string) => (shown += text));
  terminal = {
    input: Object.assign(typing, { isTTY: true, setRawMode: (raw: boolean) => modes.push(raw) }),
    output,
    interrupt: () => (interrupts += 1),
  };
});

it('a line is read without showing it, and the terminal is as it was afterwards', async () => {
  const line = readHidden('Passphrase: ', terminal);
  for (const key of 'gänse 👋') typing.write(key);
  typing.write('\r');
  expect(await line).toBe('gänse 👋');
  expect(shown).toBe('Passphrase: \n');
  expect(modes).toEqual([true, false]);
});

it('what is pasted behind the line answers the next question', async () => {
  typing.write('first\nsecond\n');
  expect(await readHidden('', terminal)).toBe('first');
  expect(await readHidden('', terminal)).toBe('second');
});

it('erasing takes back a whole character, or with Ctrl-U all of them; arrows and tabs are nothing', async () => {
  const line = readHidden('', terminal);
  typing.write('lost\u0015ab👋\u007f\u007f\tc\r');
  expect(await line).toBe('ac');
});

it('Ctrl-C gives up and interrupts the process, with the terminal as it was', async () => {
  const line = readHidden('', terminal);
  typing.write('half\u0003');
  await expect(line).rejects.toThrow(InputEndedError);
  expect(interrupts).toBe(1);
  expect(modes.at(-1)).toBe(false);
});

it('Ctrl-D, and a terminal that goes, give up', async () => {
  const line = readHidden('', terminal);
  typing.write('half\u0004');
  await expect(line).rejects.toThrow(InputEndedError);
  expect(interrupts).toBe(0);
  const again = readHidden('', terminal);
  typing.end();
  await expect(again).rejects.toThrow(InputEndedError);
});
