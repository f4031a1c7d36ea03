import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Sweeps, type Sweep } from './sweeps.js';

const NEVER = '0 0 1 1 *';

/** Work that goes on until it is told to end. */
function heldWork() {
  const ends: ((error?: Error) => void)[] = [];
  const work = jest.fn<Sweep['work']>(
    () =>
      new Promise<void>((resolve, reject) => {
        ends.push((error) => {
          if (error) reject(error);
          else resolve();
        });
      }),
  );
  const end = (error?: Error) => {
    ends.shift()!(error);
  };
  return { work, end };
}

afterEach(() => {
  jest.useRealTimers();
});

describe('a sweep', () => {
  it('that is asked for while it is under way is that one, and afterwards another one', async () => {
    const { work, end } = heldWork();
    const sweep = new Sweeps().add({ cron: NEVER, work, onFailure: jest.fn() });
    const both = [sweep(), sweep()];
    expect(work).toHaveBeenCalledTimes(1);
    end();
    await Promise.all(both);
    const another = sweep();
    expect(work).toHaveBeenCalledTimes(2);
    end();
    await another;
  });

  it('that fails says so, and the next one tries again', async () => {
    const { work, end } = heldWork();
    const onFailure = jest.fn();
    const sweep = new Sweeps().add({ cron: NEVER, work, onFailure });
    const failing = sweep();
    const error = new Error('the database is away');
    end(error);
    await failing;
    expect(onFailure.mock.calls).toEqual([[error]]);
    const next = sweep();
    end();
    await next;
    expect(work).toHaveBeenCalledTimes(2);
    expect(onFailure).toHaveBeenCalledTimes(1);
  });

  it('does not wait for one of another kind', () => {
    const sweeps = new Sweeps();
    const [one, other] = [heldWork(), heldWork()];
    void sweeps.add({ cron: NEVER, work: one.work, onFailure: jest.fn() })();
    void sweeps.add({ cron: NEVER, work: other.work, onFailure: jest.fn() })();
    expect([one.work, other.work].map(({ mock }) => mock.calls.length)).toEqual([1, 1]);
  });
});

describe('the schedule', () => {
  it('is kept from begin on until the service stops', async () => {
    jest.useFakeTimers({ now: new Date('2026-01-05T09:00:30Z') });
    const sweeps = new Sweeps();
    const work = jest.fn(() => Promise.resolve());
    sweeps.add({ cron: '17 * * * *', work, onFailure: jest.fn() });
    await jest.advanceTimersByTimeAsync(3 * 3_600_000);
    expect(work).not.toHaveBeenCalled();
    sweeps.begin();
    await jest.advanceTimersByTimeAsync(3 * 3_600_000);
    expect(work).toHaveBeenCalledTimes(3);
    await sweeps.onModuleDestroy();
    await jest.advanceTimersByTimeAsync(3 * 3_600_000);
    expect(work).toHaveBeenCalledTimes(3);
  });

  it('ends with what is under way, which hears that the service stops', async () => {
    const sweeps = new Sweeps();
    const { work, end } = heldWork();
    void sweeps.add({ cron: NEVER, work, onFailure: jest.fn() })();
    const isStopping = work.mock.calls[0]![0];
    expect(isStopping()).toBe(false);
    let hasStopped = false;
    const stop = sweeps.onModuleDestroy().then(() => (hasStopped = true));
    await new Promise((resolve) => setImmediate(resolve));
    expect({ isStopping: isStopping(), hasStopped }).toEqual({ isStopping: true, hasStopped: false });
    end();
    await stop;
    expect(hasStopped).toBe(true);
  });
});
