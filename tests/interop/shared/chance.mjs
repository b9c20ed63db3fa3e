// What a fault hits follows from a seed and the occasion, never from the order in which things happen.

import { createHash } from 'node:crypto';

export class Chance {
  constructor(seed) {
    this.seed = seed;
  }

  /** Is this occasion among the share, from 0 to 1, that is hit? */
  hits(share, ...occasion) {
    if (share <= 0) return false;
    const digest = createHash('sha256').update(JSON.stringify([this.seed, ...occasion])).digest();
    return digest.readUIntBE(0, 6) / 2 ** 48 < share;
  }
}
