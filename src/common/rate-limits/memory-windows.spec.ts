import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { MemoryWindows } from './memory-windows.js';

const WINDOW_MS = 1_000;

class SetClock {
  ms = 1_700_000_000_000;

  now(): Date {
    return new Date(this.ms);
  }
}

function windows(maxWindows?: number) {
  const clock = new SetClock();
  const memory = new MemoryWindows(clock, maxWindows);
  const take = (key: string, limit: number, count = 1) =>
    memory.take({ key, limit, windowMs: WINDOW_MS }, count);
  return { clock, memory, take };
}

describe('a moving window', () => {
  /** Steps that land on the edge of a window, beside it, and anywhere. */
  const steps = fc.array(
    fc.record({
      waitMs: fc.oneof(
        fc.constantFrom(0, 1, WINDOW_MS - 1, WINDOW_MS, WINDOW_MS + 1),
        fc.integer({ min: 0, max: WINDOW_MS / 2 }),
      ),
      count: fc.integer({ min: 1, max: 3 }),
      keeps: fc.boolean(),
    }),
    { maxLength: 120 },
  );

  it('lets in exactly what a look at everything that was ever let in allows', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 7 }), steps, async (limit, tries) => {
        const { clock, memory, take } = windows();
        let letIn: number[] = [];
        for (const { waitMs, count, keeps } of tries) {
          clock.ms += waitMs;
          const recent = letIn.filter((at) => at > clock.ms - WINDOW_MS);
          const state = await take('a', limit, count);
          expect(state.allowed).toBe(recent.length + count <= limit);
          expect(state.used).toBe(recent.length + (state.allowed ? count : 0));
          if (!state.allowed) continue;
          if (keeps) letIn = [...letIn, ...Array.from({ length: count }, () => clock.ms)];
          else await memory.giveBack('a', state.takenAt, count);
        }
        // Of every window of the length, wherever it begins.
        for (const begin of letIn)
          expect(letIn.filter((at) => at >= begin && at < begin + WINDOW_MS).length).toBeLessThanOrEqual(
            limit,
          );
      }),
    );
  });

  it('says when what was refused fits in: not before, and then for sure', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 3, max: 7 }), steps, async (limit, tries) => {
        const { clock, take } = windows();
        for (const { waitMs, count } of tries) {
          clock.ms += waitMs;
          const refused = await take('a', limit, count);
          if (refused.allowed) continue;
          expect(refused.fitsInMs).toBeGreaterThan(0);
          clock.ms += refused.fitsInMs - 1;
          expect((await take('a', limit, count)).allowed).toBe(false);
          clock.ms += 1;
          expect((await take('a', limit, count)).allowed).toBe(true);
        }
      }),
    );
  });

  it('a hundred at once get as many places as there are', async () => {
    const { take } = windows();
    const states = await Promise.all(Array.from({ length: 100 }, () => take('a', 7)));
    expect(states.filter(({ allowed }) => allowed)).toHaveLength(7);
  });

  it('refusals do not count, and a look takes nothing', async () => {
    const { clock, take } = windows();
    await take('a', 1);
    for (let n = 0; n < 5; n += 1) expect((await take('a', 1)).allowed).toBe(false);
    clock.ms += WINDOW_MS;
    expect(await take('a', 1, 0)).toMatchObject({ allowed: true, used: 0 });
    expect((await take('a', 1)).allowed).toBe(true);
    expect(await take('a', 1, 0)).toMatchObject({ allowed: false, used: 1, fitsInMs: WINDOW_MS });
  });

  it('a clock that is set back neither opens the window nor shuts it for longer', async () => {
    const { clock, take } = windows();
    await take('a', 1);
    clock.ms -= 3_600_000;
    expect((await take('a', 1)).allowed).toBe(false);
    clock.ms += WINDOW_MS;
    expect((await take('a', 1)).allowed).toBe(true);
  });

  it('what is forgotten never happened', async () => {
    const { memory, take } = windows();
    await take('a', 1);
    await memory.forget('a');
    expect((await take('a', 1)).allowed).toBe(true);
  });
});

describe('a flood of subjects', () => {
  it('never makes more windows than there is room for, and leaves those alone that are nearly full', async () => {
    const { memory, take } = windows(100);
    for (let n = 0; n < 9; n += 1) await take('hot', 10);
    for (let n = 0; n < 3; n += 1) await take('warm', 10);
    for (let n = 0; n < 10_000; n += 1) {
      await take(`flood-${n}`, 10);
      expect(memory.size).toBeLessThanOrEqual(100);
    }
    expect(await take('hot', 10, 0)).toMatchObject({ used: 9 });
    expect(await take('warm', 10, 0)).toMatchObject({ used: 3 });
  });

  it('of equally empty windows the one that was quiet longest makes room', async () => {
    const { clock, take } = windows(3);
    for (const key of ['first', 'second', 'third', 'first', 'fourth']) {
      await take(key, 100);
      clock.ms += 1;
    }
    const used = async (key: string) => (await take(key, 100, 0)).used;
    expect(await Promise.all(['first', 'second', 'third', 'fourth'].map(used))).toEqual([2, 0, 1, 1]);
  });

  it('windows that have run out are cleared away as new ones come, full ones too', async () => {
    const { clock, memory, take } = windows();
    for (let n = 0; n < 100; n += 1) await take(`full-${n}`, 1);
    for (let n = 0; n < 100; n += 1) await take(`light-${n}`, 100);
    clock.ms += WINDOW_MS;
    for (let n = 0; n < 100; n += 1) await take(`later-${n}`, 100);
    expect(memory.size).toBe(100);
  });
});
