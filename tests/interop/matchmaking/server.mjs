// Games for two, found by a queue or by a room whose id one tells the other. Three in a row wins; seat 0 begins.
//
//   queue {}                       ack { ok }; once two wait both hear `matched { match, seat, opponent }`
//   create {}                      ack { ok, room }
//   join-room { room }             ack { ok, room, seat }; both hear `matched`, and the room's id is that of the match
//   move { match, cell, ref }      ack { ok }; both hear `moved { match, seat, cell, number, ref }`
//   leave {}                       ack { ok }; so does whoever queues, creates, joins another room, or disconnects
//
// At the end both hear `game-over { match, winner, reason }`: the winner's seat or null, and `line`, `draw` or `left`.

import process from 'node:process';
import { Server } from 'socket.io';

import { application, INVALID, isName, nameOf, no, OK, withRef } from '../shared/application.mjs';
import { Lobby } from './rules.mjs';
import { settings } from './settings.mjs';

const options = settings(process.argv.slice(2), process.env);
const lobby = new Lobby({ pairs: !options['never-pair'] });

// Players are sockets: who connects twice plays twice.
const EVENTS = {
  queue(socket) {
    leave(socket);
    begin(lobby.queue(socket));
    return OK;
  },

  create(socket) {
    leave(socket);
    return { ok: true, room: lobby.create(socket) };
  },

  'join-room'(socket, request) {
    const { room } = request ?? {};
    if (!isName(room)) return INVALID;
    const { error, left, ...match } = lobby.join(socket, room);
    if (error !== undefined) return no(error);
    abandon(left);
    begin(match);
    return { ok: true, room, seat: 1 };
  },

  move(socket, request) {
    const { match, cell, ref } = request ?? {};
    if (!isName(match) || !Number.isSafeInteger(cell)) return INVALID;
    const { error, players, seat, number, over } = lobby.move(socket, match, cell);
    if (error !== undefined) return no(error);
    tell(players, 'moved', () => ({ match, seat, cell, number, ...withRef(ref) }));
    if (over) end(match, players, over.winner, over.winner === null ? 'draw' : 'line');
    return OK;
  },

  leave(socket) {
    leave(socket);
    return OK;
  },
};

const leave = (socket) => abandon(lobby.leave(socket));

/** Ends the game that somebody left, if they played one. */
function abandon(game) {
  if (game) end(game.match, game.players, game.winner, 'left');
}

function begin(game) {
  if (!game) return;
  const { match, players } = game;
  app.counts.matches += 1;
  tell(players, 'matched', (seat) => ({ match, seat, opponent: players[1 - seat].data.user }));
}

function end(match, players, winner, reason) {
  app.counts[{ line: 'won', draw: 'drawn', left: 'abandoned' }[reason]] += 1;
  const both = options['two-winners'] && reason === 'line';
  tell(players, 'game-over', (seat) => ({ match, winner: both ? seat : winner, reason }));
}

/** Tells both players; `news` may differ with the seat. */
function tell(players, event, news) {
  app.counts.broadcasts += 1;
  for (const [seat, player] of players.entries()) {
    if (!player.connected) continue;
    app.counts.deliveries += 1;
    player.emit(event, news(seat));
  }
}

const app = await application({
  Server,
  options,
  events: EVENTS,
  user: nameOf,
  counts: ['matches', 'won', 'drawn', 'abandoned'],
  gone: leave,
  reset: () => lobby.reset(),
});
