const FIRST_CAPACITY = 4;

/** When the last few things were let in: a ring of times that grows as far as it is used. */
export class MovingWindow {
  private stamps = new Float64Array(FIRST_CAPACITY);
  private start = 0;
  private length = 0;

  get size(): number {
    return this.length;
  }

  /** The time of the n-th oldest. */
  at(n: number): number {
    return this.stamps[(this.start + n) % this.stamps.length] ?? Number.NaN;
  }

  /** The time of the newest; before all time for an empty window. */
  get newest(): number {
    return this.length === 0 ? Number.NEGATIVE_INFINITY : this.at(this.length - 1);
  }

  /** Drops whatever happened at `time` or before. */
  dropUntil(time: number): void {
    while (this.length > 0 && this.at(0) <= time) {
      this.start = (this.start + 1) % this.stamps.length;
      this.length -= 1;
    }
  }

  /** @param time not before that of any other */
  add(time: number, count: number): void {
    if (this.length + count > this.stamps.length) this.grow(this.length + count);
    for (let n = 0; n < count; n += 1)
      this.stamps[(this.start + this.length + n) % this.stamps.length] = time;
    this.length += count;
  }

  /** Takes out up to `count` of those of this time. */
  remove(time: number, count: number): void {
    const kept: number[] = [];
    let left = count;
    for (let n = this.length - 1; n >= 0; n -= 1) {
      const stamp = this.at(n);
      if (left > 0 && stamp === time) left -= 1;
      else kept.push(stamp);
    }
    this.start = 0;
    this.length = kept.length;
    this.stamps.set(kept.reverse());
  }

  private grow(needed: number): void {
    const larger = new Float64Array(Math.max(needed, this.stamps.length * 2));
    for (let n = 0; n < this.length; n += 1) larger[n] = this.at(n);
    this.stamps = larger;
    this.start = 0;
  }
}
