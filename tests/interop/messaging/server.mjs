// Rooms for messages, limited as NestJS's throttler does it: what is too much gets no ack, but an event `exception`.
//
//   join ROOM, leave ROOM        ack { ok }
//   send { room, text, ref }     ack { ok, seq }; members, the sender too, hear `message { room, seq, user, text, ref }`
//                                or `exception { status, message, cause: { pattern, data: { op: ref } } }` to the sender

import process from 'node:process';
import { Server } from 'socket.io';

import { application, INVALID, isName, nameOf, no, OK, withRef } from '../shared/application.mjs';
import { Chance } from '../shared/chance.mjs';
import { Rooms } from './rules.mjs';
import { settings } from './settings.mjs';

const LONGEST_TEXT = 2_000;
const TOO_MANY = 'ThrottlerException: Too Many Requests';

const { 'room-limit': roomLimit, ...options } = settings(process.argv.slice(2), process.env);
const chance = new Chance(options.seed);
const rooms = new Rooms({ ...options, roomLimit });

const EVENTS = {
  join(socket, name) {
    if (!isName(name)) return INVALID;
    socket.join(room(name));
    return OK;
  },

  leave(socket, name) {
    if (!isName(name)) return INVALID;
    socket.leave(room(name));
    return OK;
  },

  send(socket, message) {
    const { room: name, text, ref } = message ?? {};
    if (!isName(name) || typeof text !== 'string' || text === '' || text.length > LONGEST_TEXT) return INVALID;
    if (!socket.rooms.has(room(name))) return no('not-joined');
    const { user } = socket.data;
    const seq = rooms.send(performance.now(), user, name);
    if (seq === undefined) {
      app.counts.throttled += 1;
      return { ok: false, exception: { status: 'error', message: TOO_MANY, cause: { pattern: 'send', data: { op: ref } } } };
    }
    if (chance.hits(options.mute, name, seq)) app.counts.muted += 1;
    else app.tell(room(name), 'message', { room: name, seq, user, text, ...withRef(ref) });
    return { ok: true, seq };
  },
};

/** A room, apart from any other name that a room may have: socket.io gives each socket a room of its own. */
const room = (name) => `room:${name}`;

const app = await application({
  Server,
  options,
  events: EVENTS,
  user: nameOf,
  // `throttled` is part of `send_rejected`, `muted` of `send_accepted`.
  counts: ['throttled', 'muted'],
  reset: () => rooms.reset(),
});
