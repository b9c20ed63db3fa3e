// The rules of a dashboard, without a clock.

import { Window } from '../shared/window.mjs';

/** The channels with their latest values. Times are milliseconds on a clock that never runs backwards. */
export class Dashboard {
  #channels = new Map();
  #rate;

  constructor({ limit, window }) {
    this.#rate = new Window(limit, window);
  }

  /** `{ accepted: false, retryIn }`, or `{ accepted: true, seq }`: the value's number in its channel, from 1. */
  publish(now, channel, value) {
    const retryIn = this.#rate.blockedFor(now, channel);
    if (retryIn > 0) return { accepted: false, retryIn };
    this.#rate.take(now, channel);
    const seq = this.latest(channel).seq + 1;
    this.#channels.set(channel, { seq, value });
    return { accepted: true, seq };
  }

  /** The value of a channel and its number; null and 0 before the first. */
  latest(channel) {
    return this.#channels.get(channel) ?? { seq: 0, value: null };
  }

  reset() {
    this.#channels.clear();
    this.#rate.reset();
  }
}
