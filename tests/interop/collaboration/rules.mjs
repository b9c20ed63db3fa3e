// The rules of shared documents, without a clock.

import { createHash } from 'node:crypto';

const LONGEST_EDIT = 200;
const LONGEST_DOCUMENT = 256 * 1024;

/** A text, and how many edits made it. */
export class Document {
  text = '';
  version = 0;

  /** Inserts, at the end if there is no such place; `{ error }`, or `{ version, checksum }` of the text as it is then. */
  edit(at, text) {
    if (!Number.isSafeInteger(at) || at < 0 || typeof text !== 'string' || text === '' || text.length > LONGEST_EDIT) {
      return { error: 'invalid' };
    }
    if (this.text.length + text.length > LONGEST_DOCUMENT) return { error: 'full' };
    this.text = this.text.slice(0, at) + text + this.text.slice(at);
    this.version += 1;
    return { version: this.version, checksum: this.checksum };
  }

  /** The same for the same text, and hardly ever for another. */
  get checksum() {
    return createHash('sha1').update(this.text).digest('hex').slice(0, 8);
  }
}

/** A copy that went wrong: of edits that wait for it together it takes the last one first. */
export class Fork {
  #copy = new Document();
  #waiting = [];

  /** Whether it is the first that waits. */
  add(edit) {
    return this.#waiting.push(edit) === 1;
  }

  /** The edits that waited, as the copy took them. */
  take() {
    const taken = this.#waiting.reverse();
    this.#waiting = [];
    return taken.map(({ at, text, ...edit }) => ({ ...edit, text, ...this.#copy.edit(at, text) }));
  }
}
