import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import { withSteps } from './steps.js';

it('a step that takes long says so again and again, until it ends', async () => {
  const said: string[] = [];
  const answer = await withSteps(
    async ({ onStep }) => {
      onStep('Dumping …');
      while (said.length < 3) await delay(1);
      onStep('Reading …');
      return 42;
    },
    (line) => said.push(line),
    20,
  );
  expect(answer).toBe(42);
  expect(said.slice(0, 3)).toEqual(['Dumping …', '  … 0 s', '  … 0 s']);
  expect(said.at(-1)).toBe('Reading …');
  const { length } = said;
  await delay(60);
  expect(said).toHaveLength(length);
});

it('work that fails ends it as well', async () => {
  const said: string[] = [];
  const failing = withSteps(
    ({ onStep }) => {
      onStep('Dumping …');
      return Promise.reject(new Error('no'));
    },
    (line) => said.push(line),
    5,
  );
  await expect(failing).rejects.toThrow('no');
  await delay(30);
  expect(said).toEqual(['Dumping …']);
});

it('it is quiet while somebody is asked', async () => {
  const said: string[] = [];
  await withSteps(
    async ({ onStep, pause }) => {
      onStep('Reading …');
      pause();
      await delay(30);
    },
    (line) => said.push(line),
    5,
  );
  expect(said).toEqual(['Reading …']);
});
