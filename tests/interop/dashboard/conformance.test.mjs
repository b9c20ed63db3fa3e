// What the dashboard promises, and what its fault does, asked over HTTP and npm's socket.io-client.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { io } from 'socket.io-client';

import { application, sleep } from '../shared/conformance.mjs';

const LIMIT = 5;
const INVALID = { ok: false, error: 'invalid' };

async function publish(app, channel, value, ref) {
  const response = await app.post('/publish', { channel, value, ref });
  return [response.status, await response.json()];
}

describe('without a fault', () => {
  const app = application(io, import.meta.url, ['update']);

  test('keeps the contract of an application', () =>
    app.keepsTheContract(['connections', 'refused', 'connected', 'disconnects', 'subscribe_accepted',
      'subscribe_rejected', 'unsubscribe_accepted', 'unsubscribe_rejected', 'publish_accepted', 'publish_throttled',
      'publish_invalid', 'deaf', 'unheard', 'broadcasts', 'deliveries', 'acks']));

  test('tells a value to the subscribers of its channel, and to nobody else', async () => {
    const [cpu, memory] = [app.fresh('cpu'), app.fresh('memory')];
    const [ada, bob, cy] = [await app.enter('ada'), await app.enter('bob'), await app.enter('cy')];
    for (const socket of [ada, bob]) {
      assert.deepEqual(await app.ask(socket, 'subscribe', cpu), { ok: true, seq: 0, value: null });
    }
    await app.ask(cy, 'subscribe', memory);
    await app.counting({ publish_accepted: 2, broadcasts: 2, deliveries: 4, unsubscribe_accepted: 1, acks: 1 }, async () => {
      assert.deepEqual(await publish(app, cpu, 12.5, 'p1'), [202, { ok: true, seq: 1 }]);
      assert.deepEqual(await publish(app, cpu, { load: [1, 2] }), [202, { ok: true, seq: 2 }]);
      const news = [{ channel: cpu, seq: 1, value: 12.5, ref: 'p1' }, { channel: cpu, seq: 2, value: { load: [1, 2] } }];
      for (const socket of [ada, bob]) assert.deepEqual(await app.heard(socket, 'update', 2), news);
      // What cy should not have heard would have come before this ack.
      await app.ask(cy, 'unsubscribe', memory);
    });
    assert.deepEqual(cy.heard, []);
  });

  test('tells the latest value to who subscribes later, and nothing to who has unsubscribed', async () => {
    const channel = app.fresh('disk');
    const ada = await app.enter('ada');
    await publish(app, channel, 7);
    assert.deepEqual(await app.ask(ada, 'subscribe', channel), { ok: true, seq: 1, value: 7 });
    assert.deepEqual(await app.ask(ada, 'unsubscribe', channel), { ok: true });
    await app.counting({ publish_accepted: 1, broadcasts: 1 }, () => publish(app, channel, 8));
  });

  test('takes five values a second of a channel, and says how long to wait', async () => {
    const [busy, other] = [app.fresh('busy'), app.fresh('other')];
    await app.counting({ publish_accepted: LIMIT + 2, publish_throttled: 1, broadcasts: LIMIT + 2 }, async () => {
      for (let value = 1; value <= LIMIT; value += 1) assert.equal((await publish(app, busy, value))[0], 202);
      const response = await app.post('/publish', { channel: busy, value: 0 });
      assert.equal(response.status, 429);
      assert.equal(response.headers.get('retry-after'), '1');
      const { retry_in_ms: wait, ...refused } = await response.json();
      assert.deepEqual(refused, { ok: false, error: 'rate' });
      assert.ok(Number.isInteger(wait) && wait > 0 && wait <= 1_000, `wait ${wait} ms`);
      assert.equal((await publish(app, other, 0))[0], 202);
      // A timer of Node may fire a millisecond before its time.
      await sleep(wait + 2);
      assert.deepEqual(await publish(app, busy, 6), [202, { ok: true, seq: LIMIT + 1 }]);
    });
  });

  test('refuses nonsense', async () => {
    const ada = await app.enter('ada');
    await app.counting({ publish_invalid: 4, subscribe_rejected: 2, acks: 2 }, async () => {
      for (const json of [{}, { channel: 'x' }, { channel: 7, value: 1 }, null]) {
        assert.equal((await app.post('/publish', json)).status, 400, JSON.stringify(json));
      }
      for (const channel of [undefined, { channel: 'x' }]) {
        assert.deepEqual(await app.ask(ada, 'subscribe', channel), INVALID);
      }
    });
  });
});

describe('with --deaf 50%', () => {
  const app = application(io, import.meta.url, ['update'], '--deaf', '50%', '--seed', '3');

  test('some subscriptions are answered with ok and hear nothing', async () => {
    const channel = app.fresh('cpu');
    const sockets = await Promise.all(Array.from({ length: 20 }, (_, index) => app.enter(`user-${index}`)));
    for (const socket of sockets) assert.equal((await app.ask(socket, 'subscribe', channel)).ok, true);
    await publish(app, channel, 1);
    await publish(app, channel, 2);
    const { deaf, unheard, deliveries } = await app.stats();
    assert.ok(deaf > 3 && deaf < 17, `${deaf} deaf`);
    assert.deepEqual([unheard, deliveries], [2 * deaf, 40 - 2 * deaf]);
    const hearing = () => sockets.filter(({ heard }) => heard.length === 2).length;
    await app.eventually('the others have heard', () => hearing() === 20 - deaf);
    assert.equal(sockets.filter(({ heard }) => heard.length === 0).length, deaf);
  });
});
