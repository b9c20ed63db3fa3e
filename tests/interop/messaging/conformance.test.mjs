// What the messaging promises, and what its faults do, asked over npm's socket.io-client.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { io } from 'socket.io-client';

import { application, sleep } from '../shared/conformance.mjs';

const LIMIT = 5;
const ROOM_LIMIT = 20;
const WINDOW = 1_000;
const INVALID = { ok: false, error: 'invalid' };
const THROTTLED = 'ThrottlerException: Too Many Requests';

/** Sockets of these users that have joined the room. */
async function gather(app, room, ...users) {
  const sockets = [];
  for (const user of users) {
    const socket = await app.enter(user);
    assert.deepEqual(await app.ask(socket, 'join', room), { ok: true });
    sockets.push(socket);
  }
  return sockets;
}

/** Sends so many; those acknowledged. */
async function sendMany(app, socket, room, count) {
  let acknowledged = 0;
  for (let index = 1; index <= count; index += 1) {
    socket.emit('send', { room, text: 'hi', ref: `r${index}` }, () => (acknowledged += 1));
  }
  // Comes after all answers to them.
  await app.ask(socket, 'leave', 'elsewhere');
  return acknowledged;
}

describe('without a fault', () => {
  const app = application(io, import.meta.url, ['message']);

  test('keeps the contract of an application', () =>
    app.keepsTheContract(['connections', 'refused', 'connected', 'disconnects', 'join_accepted', 'join_rejected',
      'leave_accepted', 'leave_rejected', 'send_accepted', 'send_rejected', 'throttled', 'muted', 'broadcasts',
      'deliveries', 'acks']));

  test('tells a message to all members, the sender too, and to nobody else', async () => {
    const [room, elsewhere] = [app.fresh('room'), app.fresh('room')];
    const [ada, bob] = await gather(app, room, 'ada', 'bob');
    const [cy] = await gather(app, elsewhere, 'cy');
    await app.counting({ send_accepted: 2, broadcasts: 2, deliveries: 4, leave_accepted: 1, acks: 3 }, async () => {
      assert.deepEqual(await app.ask(ada, 'send', { room, text: 'hi', ref: 'a1' }), { ok: true, seq: 1 });
      assert.deepEqual(await app.ask(bob, 'send', { room, text: 'ho' }), { ok: true, seq: 2 });
      const news = [{ room, seq: 1, user: 'ada', text: 'hi', ref: 'a1' }, { room, seq: 2, user: 'bob', text: 'ho' }];
      for (const socket of [ada, bob]) assert.deepEqual(await app.heard(socket, 'message', 2), news);
      // What cy should not have heard would have come before this ack.
      await app.ask(cy, 'leave', elsewhere);
    });
    assert.deepEqual(cy.heard, []);
  });

  test('takes five messages a second of a user in all rooms, and refuses by an exception without an ack', async () => {
    const [first, second] = [app.fresh('room'), app.fresh('room')];
    const [kim] = await gather(app, first, 'kim');
    await app.ask(kim, 'join', second);
    await app.counting({ send_accepted: LIMIT, send_rejected: 2, throttled: 2, broadcasts: LIMIT, deliveries: LIMIT,
      leave_accepted: 2, acks: LIMIT + 2 }, async () => {
      assert.equal(await sendMany(app, kim, first, LIMIT), LIMIT);
      assert.equal(await sendMany(app, kim, second, 2), 0);
    });
    const exception = (op) => ({ status: 'error', message: THROTTLED, cause: { pattern: 'send', data: { op } } });
    assert.deepEqual(await app.heard(kim, 'exception', 2), [exception('r1'), exception('r2')]);
    await sleep(WINDOW + 20);
    assert.deepEqual(await app.ask(kim, 'send', { room: first, text: 'again' }), { ok: true, seq: LIMIT + 1 });
  });

  test('takes twenty messages a second in a room, whoever sends', async () => {
    const room = app.fresh('room');
    const users = ['eve', 'fay', 'gus', 'hal', 'ida'];
    const sockets = await gather(app, room, ...users);
    const taken = await Promise.all(sockets.map((socket) => sendMany(app, socket, room, LIMIT)));
    assert.equal(taken.reduce((sum, count) => sum + count), ROOM_LIMIT);
    assert.equal((await app.stats()).connected, users.length);
  });

  test('refuses nonsense, and who has not joined, with an ack', async () => {
    const room = app.fresh('room');
    const [jo] = await gather(app, room, 'jo');
    await app.counting({ send_rejected: 6, join_rejected: 1, acks: 7 }, async () => {
      for (const message of [undefined, {}, { room }, { room, text: '' }, { room, text: 'x'.repeat(2_001) }]) {
        assert.deepEqual(await app.ask(jo, 'send', message), INVALID);
      }
      const unjoined = { room: app.fresh('room'), text: 'x' };
      assert.deepEqual(await app.ask(jo, 'send', unjoined), { ok: false, error: 'not-joined' });
      assert.deepEqual(await app.ask(jo, 'join', { room }), INVALID);
    });
  });
});

describe('with --limit 2', () => {
  const app = application(io, import.meta.url, ['message'], '--limit', '2');

  test('takes less than it documents', async () => {
    const room = app.fresh('room');
    const [ada] = await gather(app, room, 'ada');
    assert.equal(await sendMany(app, ada, room, LIMIT), 2);
    assert.equal((await app.stats()).throttled, 3);
  });
});

describe('with --mute 30%', () => {
  const app = application(io, import.meta.url, ['message'], '--mute', '30%', '--limit', '100', '--room-limit', '100');

  test('some messages are answered with ok and told to nobody', async () => {
    const room = app.fresh('room');
    const [ada, bob] = await gather(app, room, 'ada', 'bob');
    assert.equal(await sendMany(app, ada, room, 100), 100);
    const { send_accepted: accepted, muted, broadcasts } = await app.stats();
    assert.equal(accepted, 100);
    assert.equal(muted + broadcasts, 100);
    assert.ok(muted > 10 && muted < 50, `${muted} muted`);
    const heard = await app.heard(bob, 'message', broadcasts);
    assert.equal(heard.length, broadcasts);
  });
});
