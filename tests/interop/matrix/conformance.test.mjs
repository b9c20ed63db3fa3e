// What the application promises, asked on every server over each transport with the JavaScript client of its own version.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

const PATIENCE = 5_000;
const load = createRequire(import.meta.url);
const node = (...flags) => [process.execPath, ['server.mjs', ...flags]];
const python = (...flags) => ['.venv/bin/python', ['server.py', ...flags]];

const SERVERS = [
  { name: 'socket.io 4', command: node(), client: 4 },
  { name: 'socket.io 4 with msgpack', command: node('--parser', 'msgpack'), client: 4, parser: 'socket.io-msgpack-parser' },
  { name: 'socket.io 3', command: node('--socket-io', '3'), client: 3 },
  { name: 'socket.io 2', command: node('--socket-io', '2'), client: 2 },
  { name: 'python-socketio', command: python(), client: 4, needs: '.venv' },
  { name: 'python-socketio with msgpack', command: python('--parser', 'msgpack'), client: 4,
    parser: 'socket.io-msgpack-parser', needs: '.venv' },
];
const TRANSPORTS = {
  websocket: ['websocket'],
  polling: ['polling'],
  upgrade: ['polling', 'websocket'],
};

async function start([program, args], folder = new URL('.', import.meta.url).pathname) {
  const server = spawn(program, args, { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(createInterface({ input: server.stdout }), 'line');
  return { server, url: line.replace('listening ', '') };
}

async function eventually(what, holds) {
  for (const end = Date.now() + PATIENCE; Date.now() < end; await sleep(10)) if (await holds()) return;
  assert.fail(`never came: ${what}`);
}

for (const { name, command, client, parser, needs } of SERVERS) {
  const skip = needs !== undefined && !existsSync(new URL(needs, import.meta.url)) && `${needs} is not installed`;
  describe(name, { skip }, () => {
    const io = load(`socket.io-client-v${client}`);
    let server;
    let url;
    before(async () => ({ server, url } = await start(command)));
    after(async () => {
      server.kill('SIGTERM');
      await once(server, 'exit', { signal: AbortSignal.timeout(PATIENCE) });
    });

    const stats = async () => (await fetch(`${url}/stats`)).json();

    for (const [way, transports] of Object.entries(TRANSPORTS)) {
      describe(`by ${way}`, () => {
        /** Runs the body with a manager of its own, and checks by how much the counts change. */
        async function counting(expected, run) {
          const was = await stats();
          const managers = [];
          /** A connection: from it sockets of both namespaces. */
          function connection(token) {
            const of = (namespace, options) => {
              // A manager takes its query once, so that version 2 has the same token in both namespaces.
              const socket = io(url + namespace, { transports, reconnection: false, query: { token },
                auth: { token: options?.token ?? token }, ...options, ...(parser && { parser: load(parser) }) });
              managers.push(socket);
              socket.heard = [];
              for (const event of ['said', 'told']) socket.on(event, (news) => socket.heard.push([event, news]));
              return socket;
            };
            const root = of('/', { forceNew: true });
            const admin = (auth = token) => {
              if (client > 2) return Object.assign(root.io.socket('/admin', { auth: { token: auth } }), { heard: [] });
              return root.io.socket('/admin');
            };
            return { root, admin };
          }
          try {
            await run(connection);
          } finally {
            for (const socket of managers) socket.io.engine?.close();
          }
          await eventually('nobody is connected', async () => (await stats()).connected === 0);
          const now = await stats();
          const changed = Object.entries(now).map(([key, value]) => [key, value - was[key]]).filter(([, by]) => by !== 0);
          const connections = way === 'upgrade' ? ['polling', 'upgraded'] : [way];
          const { connections: count, ...rest } = expected;
          const wanted = { ...rest, ...Object.fromEntries(connections.map((key) => [key, count])) };
          assert.deepEqual(Object.fromEntries(changed.sort()), Object.fromEntries(Object.entries(wanted).sort()));
        }

        async function connected(socket) {
          await once(socket, 'connect', { signal: AbortSignal.timeout(PATIENCE) });
          if (way === 'upgrade') {
            await eventually('the upgrade', () => socket.io.engine.transport.name === 'websocket');
            await sleep(20); // the server hears of it a moment later
          }
          return socket;
        }

        const ask = (socket, ...event) => new Promise((resolve, reject) => {
          setTimeout(() => reject(new Error(`no ack of ${event[0]}`)), PATIENCE).unref();
          socket.emit(...event, (...answer) => resolve(answer));
        });
        const heard = (socket, count) => eventually(`${count} events`, () => socket.heard.length >= count);

        test('text', () => counting({ connections: 2, joined: 2, echo: 1, join: 2, say: 1, acks: 4, deliveries: 2 }, async (open) => {
          const [ada, bob] = [open('user').root, open('user').root];
          await Promise.all([connected(ada), connected(bob)]);
          const odd = ['a "quoted" \u2028 \u001e €𝄞', 7, { deep: [null, true, 1.5] }];
          assert.deepEqual(await ask(ada, 'echo', ...odd), odd);
          for (const user of [ada, bob]) assert.deepEqual(await ask(user, 'join', 'r'), [{ ok: true }]);
          assert.deepEqual(await ask(ada, 'say', { room: 'r', text: '€𝄞' }), [{ ok: true }]);
          for (const user of [ada, bob]) {
            await heard(user, 1);
            assert.deepEqual(user.heard, [['said', { room: 'r', text: '€𝄞' }]]);
          }
        }));

        test('binary', () => counting({ connections: 1, joined: 1, join: 1, binary: 1, acks: 2, deliveries: 1,
          bytes_received: 5, bytes_sent: 10 }, async (open) => {
          const ada = await connected(open('user').root);
          await ask(ada, 'join', 'r');
          const news = { room: 'r', one: Buffer.from([0, 255, 4]), deep: [{ two: Buffer.from('ab') }] };
          assert.deepEqual(await ask(ada, 'binary', news), [{ ok: true, bytes: 5, back: news }]);
          await heard(ada, 1);
          assert.deepEqual(ada.heard, [['told', news]]);
        }));

        test('acks', () => counting({ connections: 1, joined: 1, ask: 3, questions: 3, answers: 2, wrong_answers: 1, acks: 3,
          bytes_received: 2, bytes_sent: 2 }, async (open) => {
          const ada = await connected(open('user').root);
          // Not `bytes: undefined`: msgpack writes that as an extension type of its own.
          ada.on('question', ({ a, b, bytes }, answer) => answer({ sum: a + b, ...(bytes && { bytes }) }));
          assert.deepEqual(await ask(ada, 'ask', { a: 2, b: 3 }), [{ ok: true }]);
          assert.deepEqual(await ask(ada, 'ask', { a: 2, b: 3, bytes: Buffer.from([1, 2]) }), [{ ok: true }]);
          ada.off('question');
          ada.on('question', (_, answer) => answer({ sum: 0 }));
          assert.deepEqual(await ask(ada, 'ask', { a: 2, b: 3 }), [{ ok: false }]);
        }));

        test('namespaces', () => counting({ connections: 1, joined: 1, admin_joined: 1, echo: 1, admin_echo: 1, acks: 2 }, async (open) => {
          const { root, admin } = open('admin');
          await connected(root);
          const boss = admin();
          await once(boss, 'connect', { signal: AbortSignal.timeout(PATIENCE) });
          assert.deepEqual(await ask(root, 'echo', 1), [1]);
          assert.deepEqual(await ask(boss, 'echo', 2), [2]);
        }));

        test('a refused token', () => counting({ connections: 1, joined: 1, admin_refused: 1 }, async (open) => {
          const { root, admin } = open('user');
          await connected(root);
          const event = client === 2 ? 'error' : 'connect_error';
          const [error] = await once(admin(), event, { signal: AbortSignal.timeout(PATIENCE) });
          assert.equal(error.message ?? error, 'not authorized');
        }));
      });
    }
  });
}

describe('socket.io 4 with recovery', () => {
  test('a lost socket comes back as who it was, and hears what it missed', async () => {
    const io = load('socket.io-client-v4');
    const { server, url } = await start(node('--recovery'));
    const [ada, bob] = [0, 1].map(() => io(url, { transports: ['websocket'], forceNew: true, auth: { token: 'user' },
      reconnectionDelay: 200, randomizationFactor: 0 }));
    await Promise.all([once(ada, 'connect'), once(bob, 'connect')]);
    const heard = [];
    bob.on('said', ({ text }) => heard.push(text));
    await bob.emitWithAck('join', 'r');
    await ada.emitWithAck('say', { room: 'r', text: 'before' });
    const id = bob.id;
    bob.io.engine.close();
    await eventually('the loss', async () => (await (await fetch(`${url}/stats`)).json()).connected === 1);
    await ada.emitWithAck('say', { room: 'r', text: 'meanwhile' });
    await once(bob, 'connect', { signal: AbortSignal.timeout(PATIENCE) });
    await eventually('what was missed', () => heard.length === 2);
    assert.deepEqual([heard, bob.id, bob.recovered], [['before', 'meanwhile'], id, true]);
    const { recovered, replayed, deliveries } = await (await fetch(`${url}/stats`)).json();
    assert.deepEqual([recovered, replayed, deliveries], [1, 1, 1]);
    for (const socket of [ada, bob]) socket.disconnect();
    server.kill('SIGTERM');
    await once(server, 'exit');
  });
});
