// What applications on a plain WebSocket have in common: HTTP beside the sockets, counts, the start and the end. It imports
// no package, as packages are installed in the folder of each application.

import { once } from 'node:events';
import { createServer } from 'node:http';
import process from 'node:process';

/**
 * An HTTP server that answers `GET /health`, `GET /stats` and `POST /reset`, and a function that starts it and prints where it
 * listens. `counts` are names of counts; `reset()` forgets everything but who is there; `close()` ends the sockets.
 */
export function plain({ options, counts: names, reset, close }) {
  const counts = Object.fromEntries(names.map((name) => [name, 0]));
  const http = createServer((request, response) => {
    const asked = `${request.method} ${new URL(request.url, 'http://localhost').pathname}`;
    if (asked === 'GET /health') return response.writeHead(200).end();
    if (asked === 'GET /stats') {
      return response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(counts));
    }
    if (asked !== 'POST /reset') return response.writeHead(404).end();
    reset();
    for (const name of names) if (name !== 'connected') counts[name] = 0;
    response.writeHead(204).end();
  });

  async function start() {
    http.listen({ host: options.host, port: options.port, backlog: 4096 });
    await once(http, 'listening');
    const { address, port } = http.address();
    console.log(`listening http://${address}:${port}`);
    for (const signal of ['SIGINT', 'SIGTERM']) {
      process.once(signal, async () => {
        await close();
        process.exit(0);
      });
    }
  }

  return { counts, http, start };
}
