import { expect, it } from '@jest/globals';
import { stopInStages } from './stop-stages.js';

const never = () => new Promise<never>(() => undefined);

it('what takes too long is cut off, which is said, and the rest ends all the same', async () => {
  const said: string[] = [];
  const ended: string[] = [];
  const stage = (what: string, end: () => Promise<unknown>) => ({
    what,
    limitMs: 20,
    end: async () => {
      const result = await end();
      ended.push(what);
      return result;
    },
  });
  await stopInStages(
    [
      stage('The first', () => Promise.resolve(true)),
      stage('The stuck one', never),
      stage('The one that cuts off itself', () => Promise.resolve(false)),
      stage('The last', () => Promise.resolve()),
    ],
    (message) => said.push(message),
  );
  expect(ended).toEqual(['The first', 'The one that cuts off itself', 'The last']);
  expect(said).toEqual([
    'The stuck one did not end within 0 s: cut off.',
    'The one that cuts off itself did not end within 0 s: cut off.',
  ]);
});

it('what fails is told after the last one has ended', async () => {
  let hasEnded = false;
  const stages = [
    { what: 'The broken one', limitMs: 20, end: () => Promise.reject(new Error('broken')) },
    { what: 'The last', limitMs: 20, end: () => Promise.resolve((hasEnded = true)) },
  ];
  await expect(stopInStages(stages, () => undefined)).rejects.toThrow('broken');
  expect(hasEnded).toBe(true);
});
