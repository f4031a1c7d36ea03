import { expect, it } from '@jest/globals';
import { judgePooler } from './pooler.js';

const session = (isPooled: boolean) => ({
  role: 'r',
  isSuperuser: false,
  mayCreateDatabases: true,
  isPooled,
});

it.each([
  [false, false, 'ok', 'No pooler'],
  [true, false, 'ok', 'round it'],
  [true, true, 'problem', 'Locks and dumps go through a pooler'],
  [false, true, 'problem', 'Locks and dumps go through a pooler'],
])('requests through a pooler: %p, locks through one: %p: %s', (app, direct, verdict, words) => {
  expect(judgePooler({ app: session(app), direct: session(direct) })).toMatchObject({
    verdict,
    found: expect.stringContaining(words),
  });
});
