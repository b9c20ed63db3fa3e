// What the auction by GraphQL promises, and what its faults do, asked over npm's ws.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { WebSocket } from 'ws';

import { application } from '../shared/plain-conformance.mjs';

const PROTOCOL = 'graphql-transport-ws';
const SUBSCRIBE = 'subscription ($lots: [String!]!) { bidPlaced(lots: $lots) { lot ref seq } }';
const BID = 'mutation ($lot: String!, $amount: Int!, $ref: String) { bid(lot: $lot, amount: $amount, ref: $ref) { seq } }';

async function enter(app, user) {
  const socket = await app.enter('/graphql', PROTOCOL);
  await app.ask(socket, { type: 'connection_init', payload: { user } }, ({ type }) => type === 'connection_ack');
  return socket;
}

async function subscribe(app, socket, ...lots) {
  const { subscriptions: before } = await app.stats();
  socket.send(JSON.stringify({ id: 'bids', type: 'subscribe', payload: { query: SUBSCRIBE, variables: { lots } } }));
  await app.eventually('a subscription', async () => (await app.stats()).subscriptions > before);
}

const bid = (app, socket, id, lot, amount = 1) => {
  const payload = { query: BID, variables: { lot, amount, ref: id } };
  return app.ask(socket, { id, type: 'subscribe', payload }, (answer) => answer.id === id && answer.type === 'next');
};

describe('without a fault', () => {
  const app = application(WebSocket, import.meta.url, '--ping', '50ms');

  test('bids are answered and told to subscribers of the lot', async () => {
    const [ada, bob] = [await enter(app, 'ada'), await enter(app, 'bob')];
    await subscribe(app, bob, 'a', 'b');
    assert.deepEqual((await bid(app, ada, '1', 'a')).payload, { data: { bid: { seq: 1 } } });
    await bid(app, ada, '2', 'c');
    await bid(app, ada, '3', 'a');
    const heard = () => bob.heard.filter(({ id }) => id === 'bids').map(({ payload }) => payload.data.bidPlaced);
    await app.eventually('two bids', () => heard().length === 2);
    assert.deepEqual(heard(), [{ lot: 'a', ref: '1', seq: 1 }, { lot: 'a', ref: '3', seq: 2 }]);
    const { bids_accepted: accepted, broadcasts, deliveries } = await app.stats();
    assert.deepEqual({ accepted, broadcasts, deliveries }, { accepted: 3, broadcasts: 3, deliveries: 2 });
  });

  test('what is no bid is an error, and who is nobody is refused', async () => {
    const ada = await enter(app, 'ada');
    assert.equal((await bid(app, ada, '1', 'a', -1)).payload.errors[0].message, 'invalid');
    const nobody = await app.enter('/graphql', PROTOCOL);
    nobody.send(JSON.stringify({ type: 'connection_init' }));
    await app.eventually('a close', () => nobody.code === 4403);
    assert.equal((await app.stats()).refused, 1);
  });

  test('pings come, and pongs are counted', async () => {
    const ada = await enter(app, 'ada');
    await app.eventually('a ping', () => ada.heard.some(({ type }) => type === 'ping'));
    ada.send(JSON.stringify({ type: 'pong' }));
    await app.eventually('a pong', async () => (await app.stats()).pongs === 1);
  });
});

describe('with --lose 100% --leave 50%', () => {
  const app = application(WebSocket, import.meta.url, '--lose', '100%', '--leave', '50%');

  test('nobody hears of bids, and some end the connection as if all were well', async () => {
    const bob = await enter(app, 'bob');
    await subscribe(app, bob, 'a');
    for (let left = 0, tries = 1; left === 0; tries += 1) {
      assert.ok(tries < 50, 'none has left');
      const ada = await enter(app, 'ada');
      const payload = { query: BID, variables: { lot: 'a', amount: 1 } };
      ada.send(JSON.stringify({ id: '1', type: 'subscribe', payload }));
      await app.eventually('an end', () => ada.code !== undefined || ada.heard.some(({ type }) => type === 'complete'));
      left = (await app.stats()).left;
      if (left > 0) assert.equal(ada.code, 1000);
    }
    const { lost, bids_accepted: accepted, deliveries } = await app.stats();
    assert.deepEqual([lost, deliveries], [accepted, 0]);
  });
});
