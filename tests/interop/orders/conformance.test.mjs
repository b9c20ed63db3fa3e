// What the orders promise, and what their fault does, asked over HTTP and npm's socket.io-client.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { io } from 'socket.io-client';

import { application } from '../shared/conformance.mjs';

const HEARD = ['order-placed', 'order-accepted', 'order-ready'];
const OK = { ok: true };
const INVALID = { ok: false, error: 'invalid' };
const FORBIDDEN = { ok: false, error: 'forbidden' };
const no = (error) => ({ ok: false, error });

/** The token and the cookie of who logs in. */
async function logIn(app, user, role) {
  const response = await app.post('/login', { user, password: 'any', role });
  assert.equal(response.status, 200);
  const { token } = await response.json();
  const [cookie, ...attributes] = response.headers.get('set-cookie').split('; ');
  assert.deepEqual([cookie, attributes], [`session=${token}`, ['Path=/', 'HttpOnly']]);
  return { token, cookie };
}

async function enter(app, user, role) {
  const { token, cookie } = await logIn(app, user, role);
  return Object.assign(await app.enter({ token }), { cookie });
}

async function cookIn(app, kitchen, user) {
  const cook = await enter(app, user, 'kitchen');
  assert.deepEqual(await app.ask(cook, 'open', kitchen), OK);
  return cook;
}

async function placeByHttp(app, cookie, order) {
  const response = await app.post('/orders', order, cookie && { cookie: `theme=dark; ${cookie}` });
  return [response.status, await response.json()];
}

describe('without a fault', () => {
  const app = application(io, import.meta.url, HEARD);

  test('keeps the contract of an application', () =>
    app.keepsTheContract(['connections', 'refused', 'connected', 'disconnects',
      ...['place_order', 'open', 'accept', 'ready'].flatMap((name) => [`${name}_accepted`, `${name}_rejected`]),
      'logins', 'orders_accepted', 'orders_rejected', 'forgotten', 'broadcasts', 'deliveries', 'acks']));

  test('takes an order from the customer to the kitchen and back', async () => {
    const [kitchen, order] = [app.fresh('kitchen'), app.fresh('order')];
    const [ada, eve] = [await enter(app, 'ada', 'customer'), await enter(app, 'eve', 'customer')];
    const [bob, cy] = [await cookIn(app, kitchen, 'bob'), await cookIn(app, kitchen, 'cy')];
    const dan = await cookIn(app, app.fresh('kitchen'), 'dan');
    await app.counting({ orders_accepted: 1, accept_accepted: 1, accept_rejected: 1, ready_accepted: 1,
      ready_rejected: 1, broadcasts: 3, deliveries: 4, acks: 4 }, async () => {
      assert.deepEqual(await placeByHttp(app, ada.cookie, { kitchen, order, ref: 'a1' }), [201, { ok: true, number: 1 }]);
      for (const cook of [bob, cy]) {
        const news = { order, kitchen, number: 1, customer: 'ada', ref: 'a1' };
        assert.deepEqual(await app.heard(cook, 'order-placed', 1), [news]);
      }
      const news = { order, kitchen, ref: 'a1', cook: 'bob' };
      assert.deepEqual(await app.ask(bob, 'accept', { order }), OK);
      assert.deepEqual(await app.heard(ada, 'order-accepted', 1), [news]);
      assert.deepEqual(await app.ask(cy, 'accept', { order }), no('taken'));
      assert.deepEqual(await app.ask(cy, 'ready', { order }), no('not-yours'));
      assert.deepEqual(await app.ask(bob, 'ready', { order }), OK);
      assert.deepEqual(await app.heard(ada, 'order-ready', 1), [news]);
    });
    assert.deepEqual([dan.heard, eve.heard, ada.heard.length], [[], [], 2]);
  });

  test('takes an order by a socket too', async () => {
    const [kitchen, order] = [app.fresh('kitchen'), app.fresh('order')];
    const ada = await enter(app, 'ada', 'customer');
    const bob = await cookIn(app, kitchen, 'bob');
    await app.counting({ place_order_accepted: 1, place_order_rejected: 1, broadcasts: 1, deliveries: 1, acks: 2 }, async () => {
      assert.deepEqual(await app.ask(ada, 'place-order', { kitchen, order }), { ok: true, number: 1 });
      assert.deepEqual(await app.ask(ada, 'place-order', { kitchen, order }), no('exists'));
      assert.deepEqual(await app.heard(bob, 'order-placed', 1), [{ order, kitchen, number: 1, customer: 'ada' }]);
    });
  });

  test('keeps orders to customers, and kitchens to cooks', async () => {
    const [kitchen, order] = [app.fresh('kitchen'), app.fresh('order')];
    const ada = await enter(app, 'ada', 'customer');
    const bob = await cookIn(app, kitchen, 'bob');
    await app.counting({ place_order_rejected: 1, orders_rejected: 3, open_rejected: 2, accept_rejected: 3,
      ready_rejected: 1, orders_accepted: 1, broadcasts: 1, deliveries: 1, acks: 7 }, async () => {
      assert.deepEqual(await app.ask(bob, 'place-order', { kitchen, order }), FORBIDDEN);
      assert.deepEqual(await placeByHttp(app, bob.cookie, { kitchen, order }), [403, FORBIDDEN]);
      assert.deepEqual(await placeByHttp(app, undefined, { kitchen, order }), [401, no('unauthorized')]);
      assert.deepEqual(await placeByHttp(app, 'session=guessed', { kitchen, order }), [401, no('unauthorized')]);
      assert.deepEqual(await placeByHttp(app, ada.cookie, { order }), [400, INVALID]);
      assert.equal((await placeByHttp(app, ada.cookie, { kitchen, order }))[0], 201);
      assert.deepEqual(await placeByHttp(app, ada.cookie, { kitchen, order }), [409, no('exists')]);
      assert.deepEqual(await app.ask(ada, 'open', kitchen), FORBIDDEN);
      assert.deepEqual(await app.ask(bob, 'open'), INVALID);
      assert.deepEqual(await app.ask(ada, 'accept', { order }), FORBIDDEN);
      assert.deepEqual(await app.ask(bob, 'accept', { order: 'nowhere' }), no('no-order'));
      assert.deepEqual(await app.ask(bob, 'accept', null), INVALID);
      assert.deepEqual(await app.ask(bob, 'ready', { order: 'nowhere' }), no('no-order'));
    });
  });

  test('refuses a login without what it needs', async () => {
    for (const [status, json] of [
      [401, { user: 'ada', password: '', role: 'customer' }],
      [400, { user: '', password: 'any', role: 'customer' }],
      [400, { user: 'ada', password: 'any', role: 'chef' }],
      [400, { user: 'ada', role: 'customer' }],
    ]) {
      await app.counting({}, async () => assert.equal((await app.post('/login', json)).status, status));
    }
  });
});

describe('with --password', () => {
  const app = application(io, import.meta.url, HEARD, '--password', 'sesame');

  test('only that one logs in', async () => {
    const answers = [];
    for (const password of ['any', 'sesame']) {
      answers.push((await app.post('/login', { user: 'ada', password, role: 'customer' })).status);
    }
    assert.deepEqual(answers, [401, 200]);
  });
});

describe('with --forget 30%', () => {
  const app = application(io, import.meta.url, HEARD, '--forget', '30%');

  test('some orders are taken and no kitchen hears of them', async () => {
    const kitchen = app.fresh('kitchen');
    const bob = await cookIn(app, kitchen, 'bob');
    const { cookie } = await logIn(app, 'ada', 'customer');
    for (let index = 0; index < 60; index += 1) {
      assert.equal((await placeByHttp(app, cookie, { kitchen, order: app.fresh('order') }))[0], 201);
    }
    const { forgotten, deliveries } = await app.stats();
    assert.equal(forgotten + deliveries, 60);
    assert.ok(forgotten > 4 && forgotten < 36, `${forgotten} forgotten`);
    assert.equal((await app.heard(bob, 'order-placed', deliveries)).length, deliveries);
  });
});
