import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { Mailbox } from '../../../src/mail/mailbox/mailbox.js';

let dir: string;
let mailbox: Mailbox;

beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'mc101-test-'));
  mailbox = new Mailbox(dir);
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const put = (id: string, subject: string, minute: number) =>
  mailbox.put(
    { id, to: 'ada@example.org', subject, text: '', html: '', created_at: `2026-01-05T09:${minute}:00.000Z` },
    Buffer.from(subject),
  );

it('a mail that comes a second time takes the place of the first', async () => {
  await put('5f0c4f0e-6d3b-4a87-9d1b-0b0f7f1f8a11', 'once', 10);
  await put('0a0c4f0e-6d3b-4a87-9d1b-0b0f7f1f8a22', 'another', 11);
  await put('5f0c4f0e-6d3b-4a87-9d1b-0b0f7f1f8a11', 'twice', 12);

  expect((await mailbox.list()).map(({ subject }) => subject)).toEqual(['twice', 'another']);
  expect(await readdir(dir)).toHaveLength(4);
});
