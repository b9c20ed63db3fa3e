// The rules of the auction, and who listens to it. No sockets, no clock.

/** Lots whose price only rises. */
export class Lots {
  #lots = new Map();

  /** The bid with its number on the lot, from 1; `{ error }` where it is no amount. */
  bid({ lot, amount, user, ref }) {
    if (lot === '' || !Number.isInteger(amount) || amount <= 0) return { error: 'invalid' };
    const seq = (this.#lots.get(lot) ?? 0) + 1;
    this.#lots.set(lot, seq);
    return { lot, amount, user, ref, seq };
  }

  reset() {
    this.#lots.clear();
  }
}

/** What a subscriber has yet to be told: an async iterator that ends when it is returned from. */
export class Subscription {
  #waiting = [];
  #wake = undefined;
  #over = false;
  #end;

  constructor(lots, user, end) {
    this.lots = new Set(lots);
    this.user = user;
    this.#end = end;
  }

  push(value) {
    this.#waiting.push(value);
    this.#wake?.();
  }

  async next() {
    while (this.#waiting.length === 0 && !this.#over) await new Promise((resolve) => (this.#wake = resolve));
    return this.#waiting.length > 0 ? { done: false, value: this.#waiting.shift() } : { done: true, value: undefined };
  }

  async return() {
    this.#over = true;
    this.#end(this);
    this.#wake?.();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator]() {
    return this;
  }
}
