// The rules of finding somebody to play with, and of the game: three in a row on nine cells, 0 to 8. No clock, no sockets.

const LINES = [[0, 1, 2], [3, 4, 5], [6, 7, 8], [0, 3, 6], [1, 4, 7], [2, 5, 8], [0, 4, 8], [2, 4, 6]];

/** One game. Seat 0 begins. */
class Game {
  #cells = Array(9).fill(null);
  #moves = 0;

  /** `players` by seat. */
  constructor(players) {
    this.players = players;
  }

  /** `{ error }`, or `{ seat, number, over }`; `over` has the winner's seat, or null where nobody won. */
  move(player, cell) {
    const seat = this.players.indexOf(player);
    if (seat !== this.#moves % 2) return { error: 'not-your-turn' };
    if (this.#cells[cell] === undefined) return { error: 'invalid' };
    if (this.#cells[cell] !== null) return { error: 'taken' };
    this.#cells[cell] = seat;
    this.#moves += 1;
    const won = LINES.some((line) => line.every((index) => this.#cells[index] === seat));
    const over = won ? { winner: seat } : this.#moves === 9 ? { winner: null } : undefined;
    return { seat, number: this.#moves, over };
  }
}

/** Who waits and who plays. A player is in one place only: whoever goes to another leaves the one before. */
export class Lobby {
  #waiting = new Set();
  #rooms = new Map(); // by id, who made it and waits there
  #games = new Map(); // by id
  #gameOf = new Map(); // by player, the id
  #ids = 0;

  constructor({ pairs }) {
    this.pairs = pairs;
  }

  /** Waits for anybody; the match `{ match, players }` if somebody waited already. */
  queue(player) {
    const other = this.pairs ? [...this.#waiting].find((waiting) => waiting !== player) : undefined;
    if (other === undefined) {
      this.#waiting.add(player);
      return undefined;
    }
    return this.#begin(this.#newId('match'), [other, player]);
  }

  /** Waits for whoever knows the id of the room, which becomes that of the match. */
  create(player) {
    const room = this.#newId('room');
    this.#rooms.set(room, player);
    return room;
  }

  /** `{ error }`, or the match, and the game that was `left` for it. */
  join(player, room) {
    const other = this.#rooms.get(room);
    if (other === undefined) return { error: 'no-room' };
    if (other === player) return { error: 'own-room' };
    const left = this.leave(player);
    return { ...this.#begin(room, [other, player]), left };
  }

  /** `{ error }`, or what a move made of the game, and its `players`. */
  move(player, match, cell) {
    const game = this.#games.get(match);
    if (!game?.players.includes(player)) return { error: 'no-match' };
    const made = game.move(player, cell);
    if (made.over) this.#end(match);
    return { ...made, players: game.players };
  }

  /** Stops waiting and playing; `{ match, players, winner }` if a game ended by it. */
  leave(player) {
    this.#waiting.delete(player);
    for (const [room, owner] of this.#rooms) if (owner === player) this.#rooms.delete(room);
    const match = this.#gameOf.get(player);
    if (match === undefined) return undefined;
    const { players } = this.#games.get(match);
    this.#end(match);
    return { match, players, winner: 1 - players.indexOf(player) };
  }

  /** Forgets who waits and what is played. */
  reset() {
    for (const state of [this.#waiting, this.#rooms, this.#games, this.#gameOf]) state.clear();
  }

  #begin(match, players) {
    for (const player of players) this.leave(player); // they wait no longer
    this.#games.set(match, new Game(players));
    for (const player of players) this.#gameOf.set(player, match);
    return { match, players };
  }

  #end(match) {
    for (const player of this.#games.get(match).players) this.#gameOf.delete(player);
    this.#games.delete(match);
  }

  #newId(kind) {
    this.#ids += 1;
    return `${kind}-${this.#ids}`;
  }
}
