// What the channels promise, and what their faults do, asked over npm's ws.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { WebSocket } from 'ws';

import { application } from '../shared/plain-conformance.mjs';

const at = (user) => `/socket/websocket?vsn=2.0.0&user=${user}`;
const answers = (ref) => (message) => message[1] === ref && message[3] === 'phx_reply';
const ask = (app, socket, message) => app.ask(socket, message, answers(message[1]));

async function enter(app, user, topic) {
  const socket = await app.enter(at(user));
  const joined = await ask(app, socket, ['1', '1', topic, 'phx_join', {}]);
  assert.deepEqual(joined, ['1', '1', topic, 'phx_reply', { status: 'ok', response: {} }]);
  return socket;
}

describe('without a fault', () => {
  const app = application(WebSocket, import.meta.url);

  test('messages are answered and told to the room', async () => {
    const [ada, bob] = [await enter(app, 'ada', 'room:a'), await enter(app, 'bob', 'room:a')];
    const said = await ask(app, ada, ['1', '2', 'room:a', 'new_msg', { text: 'hi', id: 'x' }]);
    assert.deepEqual(said, ['1', '2', 'room:a', 'phx_reply', { status: 'ok', response: { seq: 1 } }]);
    const news = [null, null, 'room:a', 'new_msg', { seq: 1, user: 'ada', text: 'hi', id: 'x' }];
    for (const socket of [ada, bob]) {
      await app.eventually('news', () => socket.heard.some((message) => message[3] === 'new_msg'));
      assert.deepEqual(socket.heard.find((message) => message[3] === 'new_msg'), news);
    }
    await ask(app, bob, ['1', '3', 'room:a', 'phx_leave', {}]);
    await app.eventually('a close', () => bob.heard.some((message) => message[3] === 'phx_close'));
    const { messages_accepted: accepted, broadcasts, deliveries, joins, leaves } = await app.stats();
    assert.deepEqual([accepted, broadcasts, deliveries, joins, leaves], [1, 1, 2, 2, 1]);
  });

  test('hearts beat, and what is wrong is an error', async () => {
    const ada = await enter(app, 'ada', 'room:a');
    const beat = await ask(app, ada, [null, '9', 'phoenix', 'heartbeat', {}]);
    assert.deepEqual(beat, [null, '9', 'phoenix', 'phx_reply', { status: 'ok', response: {} }]);
    for (const message of [
      ['1', '2', 'hall:a', 'phx_join', {}],
      ['1', '3', 'room:b', 'new_msg', { text: 'hi' }],
      ['1', '4', 'room:a', 'new_msg', {}],
      ['1', '5', 'room:a', 'sing', {}],
    ]) {
      assert.equal((await ask(app, ada, message))[4].status, 'error');
    }
  });

  test('who does not say who it is, or speaks another version, is refused', async () => {
    for (const path of ['/socket/websocket?vsn=2.0.0', '/socket/websocket?vsn=1.0.0&user=a', '/elsewhere']) {
      const socket = app.open(path);
      await app.eventually('a refusal', () => socket.error !== undefined);
      assert.match(socket.error.message, /403/);
    }
  });
});

describe('with --timeout 100ms --mute 100%', () => {
  const app = application(WebSocket, import.meta.url, '--timeout', '100ms', '--mute', '100%');

  test('nobody hears of messages, and who is silent is closed with 1000', async () => {
    const ada = await enter(app, 'ada', 'room:a');
    assert.equal((await ask(app, ada, ['1', '2', 'room:a', 'new_msg', { text: 'hi' }]))[4].status, 'ok');
    await app.eventually('a close', () => ada.code === 1000);
    const { muted, broadcasts, timeouts } = await app.stats();
    assert.deepEqual([muted, broadcasts, timeouts], [1, 0, 1]);
  });
});

describe('with --refuse 100%', () => {
  const app = application(WebSocket, import.meta.url, '--refuse', '100%');

  test('messages are answered with an error', async () => {
    const ada = await enter(app, 'ada', 'room:a');
    const said = await ask(app, ada, ['1', '2', 'room:a', 'new_msg', { text: 'hi' }]);
    assert.deepEqual(said[4], { status: 'error', response: { reason: 'busy' } });
  });
});
