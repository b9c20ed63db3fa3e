// What all applications but the auction have in common: HTTP, sockets that answer, counts, the start and the end. It
// imports no package, as packages are installed in the folder of each application: that one hands over its `Server`.

import { once } from 'node:events';
import { createServer } from 'node:http';
import process from 'node:process';

const LONGEST_BODY = 64 * 1024;

export const OK = { ok: true };
export const no = (error) => ({ ok: false, error });
export const INVALID = no('invalid');

/** The name of an event as it stands in a count. */
const counted = (event) => event.replaceAll('-', '_');

/**
 * Starts an application, and prints where it listens.
 *
 * - `events`: by name, what the ack carries: `(socket, ...args) => { ok, … }`. Each is counted as accepted or rejected.
 *   `{ ok: false, exception }` sends no ack but an event `exception`, as NestJS does.
 * - `routes`: by method and path, what HTTP answers: `(request) => { status, json, headers }`.
 * - `user`: the user that a socket's `auth` stands for, or undefined if it stands for none.
 * - `come(socket)`, `gone(socket)`: a user has connected, or is connected no more.
 * - `counts`: names of further counts. `reset()`: forget everything but who is there.
 */
export async function application(parts) {
  const { Server, options, events, routes = {}, user, come, gone, counts: further, reset } = parts;
  const outcomes = Object.keys(events).flatMap((event) => [`${counted(event)}_accepted`, `${counted(event)}_rejected`]);
  const names = ['connections', 'refused', 'connected', 'disconnects', ...outcomes, ...further];
  const counts = Object.fromEntries([...names, 'broadcasts', 'deliveries', 'acks'].map((name) => [name, 0]));

  const http = createServer((request, response) => {
    answer(request, response, {
      'GET /health': () => ({ status: 200 }),
      'GET /stats': () => ({ status: 200, json: counts }),
      'POST /reset': () => {
        reset();
        for (const name of Object.keys(counts)) if (name !== 'connected') counts[name] = 0;
        return { status: 204 };
      },
      ...routes,
    }).catch((error) => {
      console.error(error);
      response.destroy();
    });
  });
  const io = new Server(http, {
    pingInterval: options['ping-interval'],
    pingTimeout: options['ping-timeout'],
    serveClient: false,
  });

  io.use((socket, next) => {
    socket.data.user = user(socket.handshake.auth);
    if (socket.data.user !== undefined) return next();
    counts.refused += 1;
    next(new Error('unauthorized'));
  });
  io.on('connection', (socket) => {
    counts.connections += 1;
    counts.connected += 1;
    socket.on('disconnect', () => {
      counts.disconnects += 1;
      counts.connected -= 1;
      gone?.(socket);
    });
    come?.(socket);
    for (const [event, handle] of Object.entries(events)) {
      socket.on(event, (...args) => {
        const ack = typeof args.at(-1) === 'function' ? args.pop() : undefined;
        const { exception, ...result } = handle(socket, ...args);
        counts[`${counted(event)}_${result.ok ? 'accepted' : 'rejected'}`] += 1;
        if (exception !== undefined) return socket.emit('exception', exception);
        if (ack === undefined) return;
        counts.acks += 1;
        ack(result);
      });
    }
  });

  http.listen({ host: options.host, port: options.port, backlog: 4096 });
  await once(http, 'listening');
  const { address, port } = http.address();
  console.log(`listening http://${address}:${port}`);
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => io.close(() => process.exit(0)));

  /** The sockets of a room; each socket is also a room of its own. */
  const members = (room) => [...(io.of('/').adapter.rooms.get(room) ?? [])].map((id) => io.of('/').sockets.get(id));

  /** Tells those of a room whom `hears` lets hear it; `news` may differ with the socket. */
  function tell(room, event, news, hears = () => true) {
    const receivers = members(room).filter(hears);
    counts.broadcasts += 1;
    counts.deliveries += receivers.length;
    for (const socket of receivers) socket.emit(event, typeof news === 'function' ? news(socket) : news);
  }

  return { counts, members, tell };
}

async function answer(request, response, routes) {
  const route = routes[`${request.method} ${new URL(request.url, 'http://localhost').pathname}`];
  const { status, json, headers } = route ? await route(request) : { status: 404 };
  response.writeHead(status, { ...(json && { 'content-type': 'application/json' }), ...headers });
  response.end(json && JSON.stringify(json));
}

/** The JSON object of a request; an empty one if it has none that we can take. */
export async function body(request) {
  let text = '';
  request.setEncoding('utf8');
  for await (const chunk of request) {
    text += chunk;
    if (text.length > LONGEST_BODY) return {};
  }
  try {
    return Object(request.headers['content-type']?.startsWith('application/json') ? JSON.parse(text) : {});
  } catch {
    return {};
  }
}

/** Is it a name that somebody or something may have? */
export const isName = (value) => typeof value === 'string' && value !== '' && value.length <= 200;

/** A reference that a client may add, so that it knows its own again. */
export const withRef = (ref) => (ref === undefined || ref === null ? {} : { ref });

/** For applications whose users only say who they are. */
export const nameOf = ({ user }) => (isName(user) ? user : undefined);
