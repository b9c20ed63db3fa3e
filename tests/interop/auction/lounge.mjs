// Two namespaces with connection state recovery on npm's socket.io: guests talk to all, and what a guest misses while it is
// away it is told when it is back. Counts what leaves for each connection, replays included.

import { once } from 'node:events';
import { createServer } from 'node:http';
import process from 'node:process';
import { Server } from 'socket.io';

const counts = { connections: 0, refused: 0, recovered: 0, enters: 0, says: 0, rules: 0, echoes: 0, said: 0, ruled: 0 };
const port = Number(process.argv[process.argv.indexOf('--port') + 1]);

const http = createServer((request, response) => {
  const known = request.url === '/stats';
  response.writeHead(known ? 200 : 404, { 'content-type': 'application/json' });
  response.end(known ? JSON.stringify(counts) : '{}');
});
const io = new Server(http, { connectionStateRecovery: { maxDisconnectionDuration: 60_000, skipMiddlewares: true } });

io.engine.on('connection', (connection) => {
  connection.on('packetCreate', ({ data }) => {
    for (const event of ['said', 'ruled']) {
      if (typeof data === 'string' && data.includes(`["${event}",`)) counts[event] += 1;
    }
  });
});

io.on('connection', (socket) => {
  counts.connections += 1;
  counts.recovered += Number(socket.recovered);
  socket.on('enter', (done) => {
    counts.enters += 1;
    socket.join('all');
    done({ ok: true });
  });
  socket.on('say', (words, done) => {
    counts.says += 1;
    io.to('all').emit('said', words);
    done({ ok: true });
  });
  socket.on('echo', (blob, more, done) => {
    counts.echoes += 1;
    done(blob, more, { length: blob.length });
  });
});

const admin = io.of('/admin');
admin.use((socket, next) => {
  if (socket.handshake.auth.role === 'admin') return next();
  counts.refused += 1;
  next(new Error('not an admin'));
});
admin.on('connection', (socket) => {
  counts.recovered += Number(socket.recovered);
  socket.on('rule', (words, done) => {
    counts.rules += 1;
    admin.emit('ruled', words);
    done({ ok: true });
  });
});

http.listen({ host: '127.0.0.1', port });
await once(http, 'listening');
console.log(`listening http://127.0.0.1:${http.address().port}`);
