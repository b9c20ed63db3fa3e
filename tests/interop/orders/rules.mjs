// The rules of orders: placed by a customer, accepted by one cook, ready. No clock, no sockets.

export class Orders {
  #open = new Map(); // by id, until it is ready
  #placed = new Map(); // how many, by kitchen

  /** `{ error }`, or the order with its `number` in its kitchen, from 1. */
  place({ order: id, kitchen, customer, ref }) {
    if (this.#open.has(id)) return { error: 'exists' };
    const number = (this.#placed.get(kitchen) ?? 0) + 1;
    this.#placed.set(kitchen, number);
    const order = { id, kitchen, customer, ref, number, cook: undefined };
    this.#open.set(id, order);
    return order;
  }

  /** `{ error }`, or the order that is this cook's from now on. */
  accept(id, cook) {
    const order = this.#open.get(id);
    if (order === undefined) return { error: 'no-order' };
    if (order.cook !== undefined) return { error: 'taken' };
    order.cook = cook;
    return order;
  }

  /** `{ error }`, or the order, which is done and forgotten. */
  ready(id, cook) {
    const order = this.#open.get(id);
    if (order === undefined) return { error: 'no-order' };
    if (order.cook !== cook) return { error: 'not-yours' };
    this.#open.delete(id);
    return order;
  }

  reset() {
    this.#open.clear();
    this.#placed.clear();
  }
}
