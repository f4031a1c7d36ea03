import type { Clock } from '../clock.js';
import type { LimitStorage, WindowOf, WindowState } from './limit-storage.js';
import { MovingWindow } from './moving-window.js';

/** How many windows one process keeps for one limit. */
const MAX_WINDOWS = 50_000;

/** Windows are told apart by how full they are: empty, by eighths, full. */
const LEVELS = 9;

/** Windows that have run out are cleared away a few at a time, whenever a new one is made. */
const CLEARED_AT_ONCE = 2;

/** A window among those of its level: a ring of neighbours, in which each is found, moved and dropped at once. */
interface Kept {
  key: string;
  window: MovingWindow;
  windowMs: number;
  level: number;
  before: Kept;
  after: Kept;
}

/**
 * Windows in this process's memory, each an exact log of times. A flood of new subjects cannot fill the memory: past
 * the bound the emptiest windows go first, and of these the one that was quiet longest. So what makes room for a
 * flood is the flood itself, and whoever is near a limit stays near it.
 */
export class MemoryWindows implements LimitStorage {
  private readonly windows = new Map<string, Kept>();
  /** Each level's beginning, which is no window: after it comes the one that is longest without an entry. */
  private readonly levels = Array.from({ length: LEVELS }, (_, level) => alone('', 0, level));
  private latest = Number.NEGATIVE_INFINITY;
  private skipped = 0;

  constructor(
    private readonly clock: Clock,
    private readonly maxWindows = MAX_WINDOWS,
  ) {}

  get size(): number {
    return this.windows.size;
  }

  take({ key, limit, windowMs }: WindowOf, count: number): Promise<WindowState> {
    const now = this.now();
    const kept = this.windows.get(key);
    kept?.window.dropUntil(now - windowMs);
    const used = kept?.window.size ?? 0;
    const allowed = used + Math.max(count, 1) <= limit;
    const window = allowed && count > 0 ? this.add({ key, limit, windowMs }, kept, now, count) : kept?.window;
    return Promise.resolve({
      allowed,
      used: window?.size ?? 0,
      oldestLeavesInMs: window && window.size > 0 ? window.at(0) + windowMs - now : 0,
      fitsInMs: allowed || !window ? 0 : timeUntil(window, limit, Math.max(count, 1)) + windowMs - now,
      takenAt: now,
    });
  }

  giveBack(key: string, takenAt: number, count: number): Promise<void> {
    const kept = this.windows.get(key);
    kept?.window.remove(takenAt, count);
    if (kept?.window.size === 0) this.drop(kept);
    return Promise.resolve();
  }

  forget(key: string): Promise<void> {
    const kept = this.windows.get(key);
    if (kept) this.drop(kept);
    return Promise.resolve();
  }

  private add({ key, limit, windowMs }: WindowOf, known: Kept | undefined, now: number, count: number) {
    const kept = known ?? this.make(key, windowMs, now);
    kept.window.add(now, count);
    kept.level = Math.min(LEVELS - 1, Math.floor((kept.window.size / limit) * (LEVELS - 1)));
    takeOut(kept);
    const level = this.levels[kept.level];
    if (level) putBefore(level, kept);
    return kept.window;
  }

  private make(key: string, windowMs: number, now: number): Kept {
    for (const level of this.levels) this.clear(level, now);
    if (this.windows.size >= this.maxWindows) this.evictOne();
    const kept = alone(key, windowMs, 0);
    this.windows.set(key, kept);
    return kept;
  }

  private clear(level: Kept, now: number): void {
    for (let looks = CLEARED_AT_ONCE; looks > 0; looks -= 1) {
      const oldest = level.after;
      if (oldest === level || oldest.window.newest > now - oldest.windowMs) return;
      this.drop(oldest);
    }
  }

  private evictOne(): void {
    const emptiest = this.levels.find((level) => level.after !== level);
    if (emptiest) this.drop(emptiest.after);
  }

  private drop(kept: Kept): void {
    this.windows.delete(kept.key);
    takeOut(kept);
  }

  /** Never runs backwards: where the clock was set back, time goes on from where it was. */
  private now(): number {
    const time = this.clock.now().getTime();
    if (time + this.skipped < this.latest) this.skipped = this.latest - time;
    this.latest = time + this.skipped;
    return this.latest;
  }
}

/** The time of the entry that has to leave first for `count` more to fit in. */
function timeUntil(window: MovingWindow, limit: number, count: number): number {
  return window.at(Math.min(window.size, window.size + count - limit) - 1);
}

function alone(key: string, windowMs: number, level: number): Kept {
  const kept = { key, windowMs, level, window: new MovingWindow() } as Kept;
  kept.before = kept.after = kept;
  return kept;
}

function takeOut(kept: Kept): void {
  kept.before.after = kept.after;
  kept.after.before = kept.before;
  kept.before = kept.after = kept;
}

function putBefore(place: Kept, kept: Kept): void {
  kept.before = place.before;
  kept.after = place;
  kept.before.after = kept;
  place.before = kept;
}
