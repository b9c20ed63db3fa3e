// The rules of the auction, without a clock; the same as `src/demo/rules.rs`.

/** All lots and the users' latest bids. Times are milliseconds on a clock that never runs backwards. */
export class Auction {
  #lots = new Map();
  #latestOfUser = new Map();

  constructor({ lotCooldown, userCooldown, twoWinners = false }) {
    this.lotCooldown = lotCooldown;
    this.userCooldown = userCooldown;
    this.twoWinners = twoWinners;
  }

  /**
   * Decides a bid, and remembers it if it is accepted: `{ accepted: false, retryIn }`, or `{ accepted: true, price }`
   * with `seq` if the lot's room is to hear of it. The leader's own repeat is accepted and no news.
   */
  bid(now, user, lotId, amount) {
    const retryIn = this.#blockedFor(now, user, lotId);
    if (retryIn > 0) return { accepted: false, retryIn };
    this.#latestOfUser.set(user, now);
    const lot = this.#lots.get(lotId) ?? { leader: null, price: 0, broadcasts: 0 };
    this.#lots.set(lotId, lot);
    // Of a second winner the lot does not know that it has taken it: it rests from the first one on.
    const second = this.twoWinners && now - lot.latest < this.lotCooldown;
    lot.isTakenTwice = second;
    if (!second) lot.latest = now;
    lot.price = Math.max(lot.price, amount);
    if (lot.leader === user) return { accepted: true, price: lot.price };
    lot.leader = user;
    lot.broadcasts += 1;
    return { accepted: true, price: lot.price, seq: lot.broadcasts };
  }

  /** Forgets all lots and cooldowns. */
  reset() {
    this.#lots.clear();
    this.#latestOfUser.clear();
  }

  #blockedFor(now, user, lotId) {
    const left = (latest, cooldown) => (latest === undefined ? 0 : cooldown - (now - latest));
    const lot = this.#lots.get(lotId);
    const isOpen = this.twoWinners && lot?.isTakenTwice === false;
    const ofLot = isOpen ? 0 : left(lot?.latest, this.lotCooldown);
    const ofUser = left(this.#latestOfUser.get(user), this.userCooldown);
    return Math.max(ofLot, ofUser, 0);
  }
}
