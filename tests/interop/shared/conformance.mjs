// For the tests of an application: starts its server for the tests around, and asks it over the `io` of npm's
// socket.io-client that the application's own folder has installed.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

import { PATIENCE, program } from './program.mjs';

/** The application in the folder of `test`, an `import.meta.url`; `events` are those that its sockets keep. */
export function application(io, test, events, ...flags) {
  const { eventually, get, sockets, stats, url } = program(test, flags, (socket) => socket.disconnect());
  let names = 0;

  const post = (path, json, headers = {}) =>
    fetch(url() + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(json),
    });

  /** A socket that may not be connected yet, and keeps the events that it hears as `[event, data]`. */
  function open(auth) {
    const socket = io(url(), { auth, transports: ['websocket'], forceNew: true, reconnection: false });
    socket.heard = [];
    for (const event of [...events, 'exception']) socket.on(event, (data) => socket.heard.push([event, data]));
    sockets.push(socket);
    return socket;
  }

  async function enter(auth) {
    const socket = open(typeof auth === 'string' ? { user: auth } : auth);
    await once(socket, 'connect', { signal: AbortSignal.timeout(PATIENCE) });
    return socket;
  }

  const ask = (socket, ...event) => socket.timeout(PATIENCE).emitWithAck(...event);

  /** What a socket heard of an event, once it has heard as much. */
  async function heard(socket, event, count) {
    const found = () => socket.heard.filter(([name]) => name === event).map(([, data]) => data);
    await eventually(`${count} of ${event}`, () => found().length >= count);
    return found();
  }

  /** Runs the body and checks by how much it changed the server's counts; those not named must not change. */
  async function counting(expected, run) {
    const was = await stats();
    await run();
    const now = await stats();
    const changed = Object.entries(now).map(([name, value]) => [name, value - was[name]]);
    assert.deepEqual(Object.fromEntries(changed.filter(([, by]) => by !== 0)), expected);
  }

  /** What every application promises. */
  async function keepsTheContract(counts) {
    assert.equal((await get('/health')).status, 200);
    assert.equal((await get('/nowhere')).status, 404);
    assert.deepEqual(Object.keys(await stats()), counts);
    for (const auth of [undefined, {}, { user: '' }, { user: 7 }]) {
      await counting({ refused: 1 }, async () => {
        const [error] = await once(open(auth), 'connect_error');
        assert.equal(error.message, 'unauthorized');
      });
    }
    assert.equal((await post('/reset')).status, 204);
    const kept = Object.entries(await stats()).filter(([, value]) => value !== 0);
    assert.deepEqual(kept, []);
  }

  const fresh = (kind) => `${kind}-${(names += 1)}`;

  return { ask, counting, enter, eventually, fresh, get, heard, keepsTheContract, post, stats };
}

export { sleep };
