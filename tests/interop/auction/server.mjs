// The auction of Cotillion's built-in target on npm's socket.io: the same HTTP, the same events, the same counts.

import { createHmac, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import process from 'node:process';
import { Server } from 'socket.io';

import { Auction } from './rules.mjs';
import { settings } from './settings.mjs';

const LONGEST_BODY = 64 * 1024;
const COUNTS = {
  logins: 0, connections: 0, refused: 0, connected: 0, disconnects: 0, joins: 0, leaves: 0,
  bids: 0, accepted: 0, rejected: 0, broadcasts: 0, deliveries: 0, acks: 0,
};

const options = settings(process.argv.slice(2), process.env);
const auction = new Auction({
  lotCooldown: options['lot-cooldown'],
  userCooldown: options['user-cooldown'],
  twoWinners: options['two-winners'],
});
const counts = { ...COUNTS };
// How connections came, and how many of those that came by polling moved to WebSocket.
const transports = { by_polling: 0, upgraded: 0 };
const users = new Map(); // by token; a user gets the same token at every login
const tokenKey = randomBytes(32);

// HTTP

const ROUTES = {
  'POST /login': logIn,
  'GET /stats': () => ({ status: 200, json: counts }),
  'GET /transports': () => ({ status: 200, json: transports }),
  'GET /health': () => ({ status: 200, text: 'ok' }),
  'POST /reset': reset,
};

async function answer(request, response) {
  const route = ROUTES[`${request.method} ${new URL(request.url, 'http://localhost').pathname}`];
  const { status, json, text = '' } = route ? await route(request) : { status: 404 };
  response.writeHead(status, { 'content-type': json ? 'application/json' : 'text/plain; charset=utf-8' });
  response.end(json ? JSON.stringify(json) : text);
}

async function logIn(request) {
  const { user, password } = (await body(request)) ?? {};
  if (typeof user !== 'string' || typeof password !== 'string') return { status: 400, json: { error: 'invalid' } };
  const accepted = options.password === '' ? password !== '' : password === options.password;
  if (user === '' || !accepted) return { status: 401, json: { error: 'unauthorized' } };
  const token = createHmac('sha256', tokenKey).update(user).digest('hex').slice(0, 32);
  users.set(token, user);
  counts.logins += 1;
  return { status: 200, json: { token } };
}

// Tokens stay valid and `connected` is a state, so that a reset between two runs disturbs nobody.
function reset() {
  auction.reset();
  Object.assign(counts, COUNTS, { connected: counts.connected });
  return { status: 204 };
}

/** The JSON of a request, or undefined if it has none that we can take. */
async function body(request) {
  let text = '';
  request.setEncoding('utf8');
  for await (const chunk of request) {
    text += chunk;
    if (text.length > LONGEST_BODY) return undefined;
  }
  try {
    return request.headers['content-type']?.startsWith('application/json') ? JSON.parse(text) : undefined;
  } catch {
    return undefined;
  }
}

// Sockets

const http = createServer((request, response) => {
  answer(request, response).catch((error) => {
    console.error(error);
    response.destroy();
  });
});
const io = new Server(http, {
  pingInterval: options['ping-interval'],
  pingTimeout: options['ping-timeout'],
  serveClient: false,
});
// socket.io opens `/` by itself; the built-in target has no such namespace.
io.use((_socket, next) => next(new Error('Invalid namespace')));
io.engine.on('connection', (connection) => {
  if (connection.transport.name === 'polling') transports.by_polling += 1;
  connection.on('upgrade', () => (transports.upgraded += 1));
});
const house = io.of('/auction');

house.use((socket, next) => {
  const { token } = socket.handshake.auth;
  socket.data.user = users.get(token);
  if (socket.data.user !== undefined) return next();
  counts.refused += 1;
  next(new Error('unauthorized'));
});

house.on('connection', (socket) => {
  counts.connections += 1;
  counts.connected += 1;
  socket.on('disconnect', () => {
    counts.disconnects += 1;
    counts.connected -= 1;
  });
  for (const [event, handle] of Object.entries(EVENTS)) {
    socket.on(event, (...args) => {
      const ack = typeof args.at(-1) === 'function' ? args.pop() : undefined;
      const result = handle(socket, ...args);
      if (ack === undefined) return;
      counts.acks += 1;
      ack(result);
    });
  }
});

const INVALID = { ok: false, error: 'invalid' };
const EVENTS = {
  join(socket, lot) {
    if (typeof lot !== 'string') return INVALID;
    socket.join(room(lot));
    counts.joins += 1;
    return { ok: true };
  },

  // Without a lot, leaves all of them.
  leave(socket, lot) {
    if (lot !== undefined && lot !== null && typeof lot !== 'string') return INVALID;
    const rooms = typeof lot === 'string' ? [room(lot)] : [...socket.rooms].filter((name) => name !== socket.id);
    for (const name of rooms) socket.leave(name);
    counts.leaves += 1;
    return { ok: true };
  },

  // One need not have joined a lot to bid on it, only to hear of it.
  bid(socket, bid) {
    const { lot, amount, ref } = bid ?? {};
    counts.bids += 1;
    if (typeof lot !== 'string' || !Number.isSafeInteger(amount) || amount < 0) {
      counts.rejected += 1;
      return INVALID;
    }
    const { user } = socket.data;
    const { accepted, retryIn, price, seq } = auction.bid(performance.now(), user, lot, amount);
    if (!accepted) {
      counts.rejected += 1;
      // Rounded up: who waits as long as it was told must not be too early.
      return { ok: false, error: 'cooldown', retry_in_ms: Math.ceil(retryIn) };
    }
    counts.accepted += 1;
    if (seq === undefined) return { ok: true, broadcast: false, price };
    counts.broadcasts += 1;
    counts.deliveries += house.adapter.rooms.get(room(lot))?.size ?? 0;
    house.to(room(lot)).emit('bid-placed', { lot, user, amount, price, seq, ...(ref == null ? {} : { ref }) });
    return { ok: true, broadcast: true, price };
  },
};

/** A lot's room, apart from any other name that a room may have: socket.io gives each socket a room of its own. */
function room(lot) {
  return `lot:${lot}`;
}

// The process

http.listen({ host: options.host, port: options.port, backlog: 4096 });
await once(http, 'listening');
const { address, port } = http.address();
console.log(`listening http://${address}:${port}`);

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => io.close(() => process.exit(0)));
