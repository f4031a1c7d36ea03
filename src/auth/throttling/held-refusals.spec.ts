import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { HeldRefusals } from './held-refusals.js';

const HOLD_MILLISECONDS = 200;

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

async function isSettled(promise: Promise<void>): Promise<boolean> {
  let settled = false;
  void promise.then(() => (settled = true));
  await jest.advanceTimersByTimeAsync(0);
  return settled;
}

it('a refusal is held for a moment and no longer', async () => {
  const held = new HeldRefusals().hold();
  await jest.advanceTimersByTimeAsync(HOLD_MILLISECONDS - 1);
  expect(await isSettled(held)).toBe(false);
  await jest.advanceTimersByTimeAsync(1);
  expect(await isSettled(held)).toBe(true);
});

it('a thousand are held at once, the next is answered at once, and there is room again afterwards', async () => {
  const refusals = new HeldRefusals();
  const held = Array.from({ length: 1_000 }, () => refusals.hold());
  await refusals.hold();
  expect(await isSettled(held[0]!)).toBe(false);
  await jest.advanceTimersByTimeAsync(HOLD_MILLISECONDS);
  await Promise.all(held);
  const next = refusals.hold();
  expect(await isSettled(next)).toBe(false);
  await jest.advanceTimersByTimeAsync(HOLD_MILLISECONDS);
  await next;
});
