/** One subject's window under one limit. */
export interface WindowOf {
  /** Names the window among all others. */
  key: string;
  limit: number;
  windowMs: number;
}

export interface WindowState {
  allowed: boolean;
  /** How many the window holds, with what was just taken. */
  used: number;
  /** Until the oldest of them leaves the window; 0 for an empty one. */
  oldestLeavesInMs: number;
  /** Until as many as were asked for fit in; 0 where they do. */
  fitsInMs: number;
  /** When it was taken, in the storage's own time: what giving back needs. */
  takenAt: number;
}

/** Where windows are kept. Taking is atomic: however many ask at once, no window ever holds more than its limit. */
export interface LimitStorage {
  /** Takes `count` places, or none when they do not fit. With `count` 0 it only looks whether one would fit. */
  take(window: WindowOf, count: number): Promise<WindowState>;
  /** Gives back what was taken at that time. What has left the window meanwhile is gone already. */
  giveBack(key: string, takenAt: number, count: number): Promise<void>;
  /** Empties the window. */
  forget(key: string): Promise<void>;
}
