// Phoenix channels as plain JSON at /socket/websocket?vsn=2.0.0&user=NAME, on npm's ws.
//
//   [ref, ref, "room:NAME", "phx_join", {}]               phx_reply { status: "ok" }; another topic: "error"
//   [join, ref, "room:NAME", "new_msg", { text, id }]     phx_reply { status: "ok", response: { seq } }, and everybody there hears
//                                                         [null, null, "room:NAME", "new_msg", { seq, user, text, id }]
//   [join, ref, "room:NAME", "phx_leave", {}]             phx_reply and phx_close
//   [null, ref, "phoenix", "heartbeat", {}]               phx_reply
//
// Without a user the upgrade is refused with 403; another version is refused with 403, too, as Phoenix does.

import process from 'node:process';
import { WebSocketServer } from 'ws';

import { Chance } from '../shared/chance.mjs';
import { plain } from '../shared/plain.mjs';
import { decode, push, reply, Rooms } from './rules.mjs';
import { settings } from './settings.mjs';

const options = settings(process.argv.slice(2), process.env);
const chance = new Chance(options.seed);
const rooms = new Rooms();
const sockets = new WebSocketServer({ noServer: true });

const { counts, http, start } = plain({
  options,
  counts: [
    'connections', 'refused', 'connected', 'disconnects', 'joins', 'leaves', 'heartbeats', 'messages_accepted',
    'messages_rejected', 'muted', 'broadcasts', 'deliveries', 'timeouts',
  ],
  reset: () => rooms.reset(),
  close: () => sockets.clients.forEach((client) => client.close(1001)),
});

const unmatched = { reason: 'unmatched topic' };

function join(client, message) {
  const [joinRef, , topic] = message;
  if (!topic.startsWith('room:')) return client.send(reply(message, 'error', unmatched));
  counts.joins += 1;
  rooms.join(topic, client);
  client.joined.set(topic, joinRef);
  client.send(reply(message, 'ok'));
}

function leave(client, message) {
  const [joinRef, , topic] = message;
  counts.leaves += Number(rooms.leave(topic, client));
  client.send(reply(message, 'ok'));
  client.send(push(topic, 'phx_close', {}, joinRef, joinRef));
}

function say(client, message) {
  const [, , topic, , { text, id } = {}] = message;
  const refuse = (reason) => {
    counts.messages_rejected += 1;
    client.send(reply(message, 'error', { reason }));
  };
  if (!rooms.has(topic, client)) return refuse(unmatched.reason);
  if (typeof text !== 'string') return refuse('invalid');
  const seq = rooms.number(topic);
  if (chance.hits(options.refuse, topic, seq)) return refuse('busy');
  counts.messages_accepted += 1;
  if (chance.hits(options.mute, topic, seq)) {
    counts.muted += 1;
  } else {
    const news = push(topic, 'new_msg', { seq, user: client.user, text, id });
    counts.broadcasts += 1;
    for (const member of rooms.members(topic)) {
      counts.deliveries += 1;
      member.send(news);
    }
  }
  client.send(reply(message, 'ok', { seq }));
}

function beat(client, message) {
  counts.heartbeats += 1;
  client.send(reply(message, 'ok'));
}

const EVENTS = { phx_join: join, phx_leave: leave, new_msg: say, heartbeat: beat };

function come(client, user) {
  Object.assign(client, { user, joined: new Map() });
  counts.connections += 1;
  counts.connected += 1;
  const idle = setTimeout(() => {
    counts.timeouts += 1;
    client.close(1000);
  }, options.timeout);
  client.on('message', (text) => {
    idle.refresh();
    const message = decode(text);
    const handle = message && EVENTS[message[3]];
    if (handle) handle(client, message);
    else if (message) client.send(reply(message, 'error', unmatched));
    else client.close(1011);
  });
  client.on('close', () => {
    clearTimeout(idle);
    rooms.gone(client);
    counts.connected -= 1;
    counts.disconnects += 1;
  });
}

http.on('upgrade', (request, socket, head) => {
  const { pathname, searchParams } = new URL(request.url, 'http://localhost');
  const user = searchParams.get('user');
  if (pathname !== '/socket/websocket' || searchParams.get('vsn') !== '2.0.0' || !user) {
    counts.refused += 1;
    return socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
  }
  sockets.handleUpgrade(request, socket, head, (client) => come(client, user));
});

await start();
