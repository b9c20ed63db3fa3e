// One small application on any published Socket.IO server for Node, the same as server.py has it for Python. It counts
// everything that it sees, so that a client's counts can be held against a server's own.
//
// Namespaces `/` and `/admin`, each with the same events. `/` lets in who has the token `user` or `admin`, `/admin` only
// `admin`; others are refused with the words `not authorized`. The token is in `auth`, in version 2 in the query.
//
//   echo ...        ack: the same arguments
//   join ROOM       ack { ok }
//   say { room, … } everybody in the room hears `said` with the same object; ack { ok }
//   binary { room?, … } with bytes anywhere in it: everybody in the room hears `told`; ack { ok, bytes, back: the same }
//   ask { a, b, bytes? } the server asks back: `question` with the same, which is to be answered with { sum: a + b, bytes };
//                   ack { ok } once it has been, with `ok` for a right answer
//
// Counts of events in `/admin` begin with `admin_`. `websocket` and `polling` are connections by the transport that they
// began with, `upgraded` those that went from one to the other; `deliveries` are broadcasts handed to a socket, `replayed`
// those handed to one that came back by connection state recovery.

import { once } from 'node:events';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import process from 'node:process';

import { settings } from './settings.mjs';

const EVENTS = ['echo', 'join', 'say', 'binary', 'ask'];
const OF_A_NAMESPACE = ['joined', 'refused', ...EVENTS];
const OF_ALL = ['connected', 'websocket', 'polling', 'upgraded', 'recovered', 'replayed', 'acks', 'deliveries', 'questions',
  'answers', 'wrong_answers', 'bytes_received', 'bytes_sent'];
const NAMESPACES = { '/': ['user', 'admin'], '/admin': ['admin'] };

const options = settings(process.argv.slice(2), process.env);
const load = createRequire(import.meta.url);
const prefix = (namespace) => (namespace === '/' ? '' : `${namespace.slice(1)}_`);
const counts = Object.fromEntries([
  ...OF_ALL,
  ...Object.keys(NAMESPACES).flatMap((namespace) => OF_A_NAMESPACE.map((name) => prefix(namespace) + name)),
].map((name) => [name, 0]));

// HTTP

const http = createServer((request, response) => {
  const send = (status, json) => {
    response.writeHead(status, json && { 'content-type': 'application/json' });
    response.end(json && JSON.stringify(json));
  };
  switch (`${request.method} ${request.url}`) {
    case 'GET /health': return send(200);
    case 'GET /stats': return send(200, counts);
    case 'POST /reset':
      for (const name of Object.keys(counts)) if (name !== 'connected') counts[name] = 0;
      return send(204);
    default: return send(404);
  }
});

// Events

/** How many bytes of binary data are anywhere in a value. */
function bytesIn(value) {
  if (Buffer.isBuffer(value)) return value.length;
  return value === null || typeof value !== 'object' ? 0
    : Object.values(value).reduce((sum, part) => sum + bytesIn(part), 0);
}

/** How many sockets of a namespace are in a room; version 2 has no sets. */
function membersOf(namespace, room) {
  const rooms = namespace.adapter.rooms;
  return (rooms instanceof Map ? rooms.get(room)?.size : rooms[room]?.length) ?? 0;
}

function tell({ nsp }, event, news) {
  // From 4.5 on each socket says what goes out to it, on whichever node it is; before, we count the room.
  const receivers = options['socket-io'] === 4 ? 0 : membersOf(nsp, news.room);
  counts.deliveries += receivers;
  counts.bytes_sent += receivers * bytesIn(news);
  nsp.to(news.room).emit(event, news);
}

const HANDLERS = {
  echo: (_, ...values) => values,

  async join(socket, room) {
    // A callback in version 2, a promise with an adapter that needs time.
    if (options['socket-io'] === 2) await new Promise((done) => socket.join(room, done));
    else await socket.join(room);
    return [{ ok: true }];
  },

  say(socket, news) {
    tell(socket, 'said', news);
    return [{ ok: true }];
  },

  binary(socket, news) {
    const bytes = bytesIn(news);
    counts.bytes_received += bytes;
    counts.bytes_sent += bytes;
    if (news.room !== undefined) tell(socket, 'told', news);
    return [{ ok: true, bytes, back: news }];
  },

  async ask(socket, question) {
    counts.questions += 1;
    counts.bytes_sent += bytesIn(question);
    const answer = await new Promise((answered) => socket.emit('question', question, answered));
    counts.bytes_received += bytesIn(answer);
    const { a, b, bytes = Buffer.alloc(0) } = question;
    const right = answer?.sum === a + b && bytes.equals(answer.bytes ?? Buffer.alloc(0));
    counts[right ? 'answers' : 'wrong_answers'] += 1;
    return [{ ok: right }];
  },
};

function serve(namespace, tokens) {
  const of = prefix(namespace.name);
  namespace.use((socket, next) => {
    const { auth, query } = socket.handshake;
    if (tokens.includes((options['socket-io'] === 2 ? query : auth).token)) return next();
    counts[`${of}refused`] += 1;
    next(new Error('not authorized'));
  });
  namespace.on('connection', (socket) => {
    counts[`${of}joined`] += 1;
    counts.connected += 1;
    if (socket.recovered) counts.recovered += 1;
    socket.on('disconnect', () => {
      counts.connected -= 1;
    });
    socket.onAnyOutgoing?.((event, news) => {
      if (event !== 'said' && event !== 'told') return;
      counts.deliveries += 1;
      counts.bytes_sent += bytesIn(news);
    });
    for (const event of EVENTS) {
      socket.on(event, async (...values) => {
        const ack = typeof values.at(-1) === 'function' ? values.pop() : undefined;
        counts[of + event] += 1;
        const answer = await HANDLERS[event](socket, ...values);
        if (ack === undefined) return;
        counts.acks += 1;
        ack(...answer);
      });
    }
  });
}

/** Counts what is sent again to sockets that come back: their old session brings it along. */
function countReplays({ adapter }) {
  const restore = adapter.restoreSession.bind(adapter);
  adapter.restoreSession = async (...session) => {
    const restored = await restore(...session);
    counts.replayed += restored?.missedPackets.length ?? 0;
    return restored;
  };
}

// The start and the end

const library = load(`socket.io-v${options['socket-io']}`);
const engine = {
  pingInterval: options['ping-interval'],
  pingTimeout: options['ping-timeout'],
  serveClient: false,
  ...(options.parser === 'msgpack' && { parser: load('socket.io-msgpack-parser') }),
  ...(options.recovery && { connectionStateRecovery: { skipMiddlewares: true } }),
  ...(options.redis !== '' && { adapter: await redisAdapter(options.redis) }),
};
const io = new (library.Server ?? library)(engine);
for (const [name, tokens] of Object.entries(NAMESPACES)) serve(io.of(name), tokens);
if (options.recovery) countReplays(io.of('/'));
// Only now: version 2 answers the handshake of a server without middlewares before any can be added.
io.attach(http, engine);
io.engine.on('connection', (connection) => {
  counts[connection.transport.name] += 1;
  connection.once('upgrade', () => {
    counts.upgraded += 1;
  });
});

async function redisAdapter(url) {
  const { createAdapter } = load('@socket.io/redis-adapter');
  const publisher = load('redis').createClient({ url });
  const subscriber = publisher.duplicate();
  await Promise.all([publisher.connect(), subscriber.connect()]);
  return createAdapter(publisher, subscriber);
}

http.listen({ host: options.host, port: options.port, backlog: 4096 });
await once(http, 'listening');
const { address, port } = http.address();
console.log(`listening http://${address}:${port}`);
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(0));
