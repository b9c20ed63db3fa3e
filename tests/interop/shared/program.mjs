// For the tests of an application: its server, started for the tests around and ended after them.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { after, afterEach, before } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

export const PATIENCE = 5_000;

/** The server in the folder of `test`, an `import.meta.url`. `leave` ends a socket of `sockets`, which holds those of a test. */
export function program(test, flags, leave) {
  let server;
  let url;
  const sockets = [];

  before(async () => {
    const file = new URL('server.mjs', test).pathname;
    server = spawn(process.execPath, [file, ...flags], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = await once(createInterface({ input: server.stdout }), 'line');
    url = line.replace('listening ', '');
  });

  after(async () => {
    server.kill('SIGTERM');
    const [code] = await once(server, 'exit', { signal: AbortSignal.timeout(PATIENCE) });
    assert.equal(code, 0, 'ends on SIGTERM');
  });

  afterEach(async () => {
    sockets.splice(0).forEach(leave);
    await eventually('nobody is connected', async () => (await stats()).connected === 0);
  });

  async function eventually(what, holds) {
    for (const end = Date.now() + PATIENCE; Date.now() < end; await sleep(10)) if (await holds()) return;
    assert.fail(`never came: ${what}`);
  }

  const get = (path) => fetch(url + path);
  const stats = async () => (await get('/stats')).json();

  return { eventually, get, sockets, stats, url: () => url };
}
