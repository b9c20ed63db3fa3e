// For the tests of an application on a plain WebSocket: starts its server, and asks it over the `WebSocket` of npm's ws that
// the application's own folder has installed.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { after, afterEach, before } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

const PATIENCE = 5_000;

/** The application in the folder of `test`, an `import.meta.url`. */
export function application(WebSocket, test, ...flags) {
  let server;
  let url;
  let sockets = [];

  before(async () => {
    server = spawn(process.execPath, [new URL('server.mjs', test).pathname, ...flags], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = await once(createInterface({ input: server.stdout }), 'line');
    url = line.replace('listening ', '');
  });

  after(async () => {
    server.kill('SIGTERM');
    const [code] = await once(server, 'exit', { signal: AbortSignal.timeout(PATIENCE) });
    assert.equal(code, 0, 'ends on SIGTERM');
  });

  afterEach(async () => {
    for (const socket of sockets) socket.close();
    sockets = [];
    await eventually('nobody is connected', async () => (await stats()).connected === 0);
  });

  async function eventually(what, holds) {
    for (const end = Date.now() + PATIENCE; Date.now() < end; await sleep(10)) if (await holds()) return;
    assert.fail(`never came: ${what}`);
  }

  const stats = async () => (await fetch(`${url}/stats`)).json();

  /** A socket that keeps the messages that it hears, and how it was closed. */
  function open(path, protocol) {
    const socket = new WebSocket(url.replace('http', 'ws') + path, protocol);
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

  return { ask, enter, eventually, open, stats, url: () => url };
}
