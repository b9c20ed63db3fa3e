// "At most so many in any stretch of so long", for each key by itself, without a clock.

/** Times are milliseconds on a clock that never runs backwards. What is not taken does not count. */
export class Window {
  #taken = new Map();

  constructor(limit, length) {
    this.limit = limit;
    this.length = length;
  }

  /** How long the key has to wait before it may take one; 0 if it may now. */
  blockedFor(now, key) {
    const within = (this.#taken.get(key) ?? []).filter((time) => now - time < this.length);
    this.#taken.set(key, within);
    if (within.length < this.limit) return 0;
    return this.limit === 0 ? this.length : this.length - (now - within.at(-this.limit));
  }

  take(now, key) {
    this.#taken.set(key, [...(this.#taken.get(key) ?? []), now]);
  }

  reset() {
    this.#taken.clear();
  }
}
