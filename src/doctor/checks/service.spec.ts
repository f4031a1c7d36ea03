import { expect, it } from '@jest/globals';
import type { Answer, Silence } from '../probes/ask.js';
import { judgeService } from './service.js';

const answer = (body: string): Answer => ({
  status: 200,
  headers: {},
  body,
  sentAt: new Date(0),
  receivedAt: new Date(0),
});
const ours = (version: string) => answer(JSON.stringify({ name: 'MC101', version }));
const SILENT: Silence = { silent: 'ECONNREFUSED' };
const told = (
  direct: Answer | Silence,
  published: Answer | Silence,
  publicUrl = 'https://vote.example.org',
) =>
  judgeService({ directUrl: 'http://127.0.0.1:8000/', publicUrl, direct, public: published }, '1.0.0').map(
    ({ verdict, found }) => [verdict, found],
  );

it.each([
  ['answers at both', ours('1.0.0'), ours('1.0.0'), 'ok', 'at http://127.0.0.1:8000/'],
  ['runs on another machine', SILENT, ours('1.0.0'), 'ok', 'at https://vote.example.org'],
  ['is stopped', SILENT, SILENT, 'off', 'does not run'],
  [
    'is not reached by its clients',
    ours('1.0.0'),
    SILENT,
    'warning',
    'does not answer at PUBLIC_URL (https://vote.example.org: ECONNREFUSED)',
  ],
  [
    'is older than what is installed',
    ours('0.9.0'),
    ours('0.9.0'),
    'warning',
    'Version 0.9.0 runs, and version 1.0.0',
  ],
] as const)('a service that %s', (_, direct, published, verdict, words) => {
  expect(told(direct, published)).toEqual([[verdict, expect.stringContaining(words)]]);
});

it('in a container nobody answers at https://localhost, which is no fault', () => {
  expect(told(ours('1.0.0'), SILENT, 'https://localhost')).toEqual([['ok', expect.anything()]]);
});

it('a service that answers something else at the moment is not taken for another program', () => {
  const limited = answer(JSON.stringify({ error: { code: 'RATE_LIMITED', request_id: 'id' } }));
  expect(told(limited, SILENT)).toEqual([
    ['warning', expect.stringContaining('answers RATE_LIMITED at http://127.0.0.1:8000/')],
  ]);
});

it('another program on the port is told', () => {
  expect(told(answer('<h1>It works!</h1>'), SILENT)).toEqual([
    ['warning', 'Another program answers at http://127.0.0.1:8000/.'],
    ['off', expect.stringContaining('does not run')],
  ]);
});
