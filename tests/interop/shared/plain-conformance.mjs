// For the tests of an application on a plain WebSocket: starts its server, and asks it over the `WebSocket` of npm's ws that
// the application's own folder has installed.

import { once } from 'node:events';

import { PATIENCE, program } from './program.mjs';

/** The application in the folder of `test`, an `import.meta.url`. */
export function application(WebSocket, test, ...flags) {
  const { eventually, sockets, stats, url } = program(test, flags, (socket) => socket.close());

  /** A socket that keeps the messages that it hears, and how it was closed. */
  function open(path, protocol) {
    const socket = new WebSocket(url().replace('http', 'ws') + path, protocol);
    socket.heard = [];
    socket.on('message', (text) => socket.heard.push(JSON.parse(text)));
    socket.on('close', (code) => (socket.code = code));
    socket.on('error', (error) => (socket.error = error));
    sockets.push(socket);
    return socket;
  }

  async function enter(path, protocol) {
    const socket = open(path, protocol);
    await once(socket, 'open', { signal: AbortSignal.timeout(PATIENCE) });
    return socket;
  }

  /** Sends a message, and gives the first that is heard for which `answers` holds. */
  async function ask(socket, message, answers) {
    const from = socket.heard.length;
    const found = () => socket.heard.slice(from).find(answers);
    socket.send(JSON.stringify(message));
    await eventually(`an answer to ${JSON.stringify(message)}`, () => found() !== undefined);
    return found();
  }

  return { ask, enter, eventually, open, stats, url };
}
