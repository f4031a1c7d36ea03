import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { BoundedPool } from './bounded-pool.js';
import { BusyError } from './errors/common.errors.js';

/** A job that ends when the test says so. */
function job<T>(value: T) {
  let finish: (value: T) => void = () => undefined;
  let fail: (reason: Error) => void = () => undefined;
  const promise = new Promise<T>((resolve, reject) => {
    finish = resolve;
    fail = reject;
  });
  let started = false;
  return {
    run: () => {
      started = true;
      return promise;
    },
    finish: () => {
      finish(value);
    },
    fail: () => {
      fail(new Error('the job failed'));
    },
    isStarted: () => started,
  };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('a bounded pool', () => {
  it('runs so many jobs at once, lets so many wait, and refuses the next at once', async () => {
    const pool = new BoundedPool(2, 1);
    const jobs = [job('a'), job('b'), job('c'), job('d')];
    const [a, b, c] = jobs.slice(0, 3).map((one) => pool.run(one.run));
    await expect(pool.run(jobs[3]!.run)).rejects.toThrow(BusyError);
    await turn();
    expect(jobs.map((one) => one.isStarted())).toEqual([true, true, false, false]);
    expect(pool.queued).toBe(1);

    jobs[1]!.finish();
    expect(await b).toBe('b');
    await turn();
    expect(jobs[2]!.isStarted()).toBe(true);
    expect(pool.queued).toBe(0);
    jobs[0]!.finish();
    jobs[2]!.finish();
    expect(await Promise.all([a, c])).toEqual(['a', 'c']);
  });

  it('says beforehand what it would say to a job, and takes nothing for the answer', async () => {
    const pool = new BoundedPool(1, 1);
    const running = job('running');
    expect(() => {
      pool.refuseWhenFull();
    }).not.toThrow();
    const jobs = [pool.run(running.run), pool.run(() => Promise.resolve('waiting'))];
    expect(() => {
      pool.refuseWhenFull();
    }).toThrow(BusyError);
    running.finish();
    expect(await Promise.all(jobs)).toEqual(['running', 'waiting']);
    expect(() => {
      pool.refuseWhenFull();
    }).not.toThrow();
  });

  it('keeps a part of the queue free of jobs that ask for less than all of it', async () => {
    const pool = new BoundedPool(1, 4);
    const running = job('running');
    const answer = (value: string) => () => Promise.resolve(value);
    const jobs = [pool.run(running.run), pool.run(answer('a'), 0.5), pool.run(answer('b'), 0.5)];
    await expect(pool.run(answer('c'), 0.5)).rejects.toThrow(BusyError);
    expect(() => {
      pool.refuseWhenFull(0.5);
    }).toThrow(BusyError);
    jobs.push(pool.run(answer('d')), pool.run(answer('e')));
    await expect(pool.run(answer('f'))).rejects.toThrow(BusyError);
    running.finish();
    expect(await Promise.all(jobs)).toEqual(['running', 'a', 'b', 'd', 'e']);
  });

  it('tells the refused when to come back', async () => {
    await expect(new BoundedPool(0, 0).run(() => Promise.resolve())).rejects.toMatchObject({
      code: 'BUSY',
      retryAfterSeconds: 1,
    });
  });

  it('serves in the order of arrival', async () => {
    const pool = new BoundedPool(1, 10);
    const order: number[] = [];
    await Promise.all(
      Array.from({ length: 10 }, (_, n) =>
        pool.run(async () => {
          await turn();
          order.push(n);
        }),
      ),
    );
    expect(order).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('gives the place of a failed job to the next one, and the failure to its owner', async () => {
    const pool = new BoundedPool(1, 1);
    const failing = job('never');
    const first = pool.run(failing.run);
    const second = pool.run(() => Promise.resolve('second'));
    failing.fail();
    await expect(first).rejects.toThrow('the job failed');
    expect(await second).toBe('second');
    const throwing = () => {
      throw new Error('before it began');
    };
    await expect(pool.run(throwing)).rejects.toThrow('before it began');
    expect(await pool.run(() => Promise.resolve('third'))).toBe('third');
  });

  it('never runs more than it may, and never forgets a job, whatever the sizes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 0, max: 10 }),
        fc.array(fc.record({ turns: fc.integer({ min: 0, max: 3 }), fails: fc.boolean() }), {
          maxLength: 30,
        }),
        async (concurrency, queueLimit, jobs) => {
          const pool = new BoundedPool(concurrency, queueLimit);
          let running = 0;
          let most = 0;
          const outcomes = await Promise.allSettled(
            jobs.map(({ turns, fails }) =>
              pool.run(async () => {
                most = Math.max(most, ++running);
                for (let n = 0; n < turns; n++) await turn();
                running -= 1;
                if (fails) throw new Error('failed');
              }),
            ),
          );
          const busy = outcomes.filter((one) => one.status === 'rejected' && one.reason instanceof BusyError);
          expect(busy).toHaveLength(Math.max(0, jobs.length - concurrency - queueLimit));
          expect(most).toBeLessThanOrEqual(concurrency);
          expect(running).toBe(0);
          expect(pool.queued).toBe(0);
        },
      ),
      { numRuns: 50 },
    );
  });
});
