// Channels as Phoenix has them, in version 2 of its JSON: [join_ref, ref, topic, event, payload]. No sockets, no clock.

/** A message as an array; undefined if it is none. */
export function decode(text) {
  try {
    const message = JSON.parse(text);
    return Array.isArray(message) && message.length === 5 && typeof message[3] === 'string' ? message : undefined;
  } catch {
    return undefined;
  }
}

export const reply = ([joinRef, ref, topic], status, response = {}) =>
  JSON.stringify([joinRef, ref, topic, 'phx_reply', { status, response }]);

export const push = (topic, event, payload, joinRef = null, ref = null) =>
  JSON.stringify([joinRef, ref, topic, event, payload]);

/** Who is in which room, by topic. */
export class Rooms {
  #rooms = new Map();
  #latest = new Map();

  join(topic, client) {
    if (!this.#rooms.has(topic)) this.#rooms.set(topic, new Set());
    this.#rooms.get(topic).add(client);
  }

  leave(topic, client) {
    return this.#rooms.get(topic)?.delete(client) ?? false;
  }

  gone(client) {
    for (const room of this.#rooms.values()) room.delete(client);
  }

  has(topic, client) {
    return this.#rooms.get(topic)?.has(client) ?? false;
  }

  members(topic) {
    return [...(this.#rooms.get(topic) ?? [])];
  }

  /** The number of a message in its room, from 1. */
  number(topic) {
    const number = (this.#latest.get(topic) ?? 0) + 1;
    this.#latest.set(topic, number);
    return number;
  }

  reset() {
    this.#latest.clear();
  }
}
