// The rules of rate-limited rooms, without a clock.

import { Window } from '../shared/window.mjs';

/** Who may send now, and the number of each message in its room. Times are milliseconds on a clock that never runs backwards. */
export class Rooms {
  #ofUser;
  #ofRoom;
  #latest = new Map();

  constructor({ limit, roomLimit, window }) {
    this.#ofUser = new Window(limit, window);
    this.#ofRoom = new Window(roomLimit, window);
  }

  /** The message's number in its room, from 1; undefined if there were too many. One that is refused does not count. */
  send(now, user, room) {
    if (this.#ofUser.blockedFor(now, user) > 0 || this.#ofRoom.blockedFor(now, room) > 0) return undefined;
    this.#ofUser.take(now, user);
    this.#ofRoom.take(now, room);
    const seq = (this.#latest.get(room) ?? 0) + 1;
    this.#latest.set(room, seq);
    return seq;
  }

  reset() {
    for (const state of [this.#ofUser, this.#ofRoom]) state.reset();
    this.#latest.clear();
  }
}
