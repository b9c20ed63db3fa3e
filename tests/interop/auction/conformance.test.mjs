// What every auction promises, asked over npm's socket.io-client. With TARGET_URL it asks that server, otherwise it
// starts server.mjs. It expects the default rules, no password, and nobody else on the server.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { after, afterEach, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { io } from 'socket.io-client';

const PATIENCE = 5_000;
const LOT_COOLDOWN = 1_000;
const USER_COOLDOWN = 200;
// A timer of Node may fire a millisecond before its time.
const EARLY = 2;
const OK = { ok: true };
const INVALID = { ok: false, error: 'invalid' };

let url = process.env.TARGET_URL;
let server;
let sockets = [];
let lots = 0;

before(async () => {
  if (url) return;
  server = spawn(process.execPath, [new URL('server.mjs', import.meta.url).pathname], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(createInterface({ input: server.stdout }), 'line');
  url = line.replace('listening ', '');
});

after(() => server?.kill());

afterEach(async () => {
  for (const socket of sockets) socket.disconnect();
  sockets = [];
  await eventually('nobody is connected', async () => (await stats()).connected === 0);
});

async function eventually(what, holds) {
  for (const end = Date.now() + PATIENCE; Date.now() < end; await sleep(10)) if (await holds()) return;
  assert.fail(`never came: ${what}`);
}

const post = (path, body, type = 'application/json') =>
  fetch(url + path, { method: 'POST', headers: { 'content-type': type }, body });

const stats = async () => (await fetch(`${url}/stats`)).json();

async function token(user) {
  const response = await post('/login', JSON.stringify({ user, password: 'any' }));
  assert.equal(response.status, 200);
  return (await response.json()).token;
}

/** A socket that may not be connected yet, and keeps the `bid-placed` events it hears. */
function open(namespace, auth) {
  const socket = io(url + namespace, { auth, transports: ['websocket'], forceNew: true, reconnection: false });
  socket.heard = [];
  socket.on('bid-placed', (news) => socket.heard.push(news));
  sockets.push(socket);
  return socket;
}

async function enter(user, ...joined) {
  const socket = open('/auction', { token: await token(user) });
  await once(socket, 'connect', { signal: AbortSignal.timeout(PATIENCE) });
  for (const lot of joined) assert.deepEqual(await ask(socket, 'join', lot), OK);
  return socket;
}

const ask = (socket, ...event) => socket.timeout(PATIENCE).emitWithAck(...event);
const newLot = () => `lot-${process.pid}-${(lots += 1)}`;

/** Runs the body and checks by how much it changed the server's counts; those not named must not change. */
async function counting(expected, run) {
  const was = await stats();
  await run();
  const now = await stats();
  const changed = Object.entries(now).map(([name, value]) => [name, value - was[name]]);
  assert.deepEqual(Object.fromEntries(changed.filter(([, by]) => by !== 0)), expected);
}

test('has exactly these counts', async () => {
  const names = ['logins', 'connections', 'refused', 'connected', 'disconnects', 'joins', 'leaves', 'bids',
    'accepted', 'rejected', 'broadcasts', 'deliveries', 'acks'];
  // A house that can go wrong on purpose counts that too, after what both houses count; here nothing goes wrong.
  const faults = ['dropped', 'duplicated', 'reordered', 'leaked', 'delayed', 'unacked', 'thrown_out'];
  const counts = await stats();
  const beside = Object.keys(counts).slice(names.length);
  assert.deepEqual(Object.keys(counts), [...names, ...(beside.length === 0 ? [] : faults)]);
  assert.deepEqual(beside.filter((name) => counts[name] !== 0), []);
});

test('is healthy', async () => {
  assert.equal((await fetch(`${url}/health`)).status, 200);
});

test('gives a token to who logs in, the same one each time', async () => {
  await counting({ logins: 3 }, async () => {
    assert.equal(await token('ada'), await token('ada'));
    assert.notEqual(await token('ada'), undefined);
  });
});

for (const [what, status, body, type] of [
  ['no password', 401, '{"user":"ada","password":""}'],
  ['no name', 401, '{"user":"","password":"any"}'],
  ['a field missing', 400, '{"user":"ada"}'],
  ['a field of another type', 400, '{"user":"ada","password":7}'],
  ['no JSON', 400, 'user=ada'],
  ['another content type', 400, '{"user":"ada","password":"any"}', 'text/plain'],
]) {
  test(`refuses a login with ${what}`, async () => {
    await counting({}, async () => assert.equal((await post('/login', body, type)).status, status));
  });
}

for (const [what, auth] of [['no token', undefined], ['a guessed token', { token: 'x' }], ['a number', { token: 7 }]]) {
  test(`refuses a socket with ${what}`, async () => {
    await counting({ refused: 1 }, async () => {
      const [error] = await once(open('/auction', auth), 'connect_error');
      assert.equal(error.message, 'unauthorized');
    });
  });
}

test('has no other namespace', async () => {
  for (const namespace of ['/', '/nowhere']) {
    const [error] = await once(open(namespace, { token: await token('ada') }), 'connect_error');
    assert.equal(error.message, 'Invalid namespace');
  }
});

test('counts who comes and goes', async () => {
  await counting({ logins: 2, connections: 2, disconnects: 1, connected: 1 }, async () => {
    const ada = await enter('ada');
    await enter('bob');
    const { connected } = await stats();
    ada.disconnect();
    await eventually('ada has left', async () => (await stats()).connected === connected - 1);
  });
});

test('tells a bid to all members of the lot, the bidder too, and to nobody else', async () => {
  const lot = newLot();
  const [ada, bob, cy] = [await enter('ada', lot), await enter('bob', lot), await enter('cy')];
  await counting({ bids: 1, accepted: 1, broadcasts: 1, deliveries: 2, acks: 2, joins: 1 }, async () => {
    const answer = await ask(ada, 'bid', { lot, amount: 7, ref: 'a1' });
    assert.deepEqual(answer, { ok: true, broadcast: true, price: 7 });
    await eventually('both have heard', () => ada.heard.length === 1 && bob.heard.length === 1);
    // What cy should not have heard would have come before this ack.
    assert.deepEqual(await ask(cy, 'join', newLot()), OK);
  });
  const news = { lot, user: 'ada', amount: 7, price: 7, seq: 1, ref: 'a1' };
  assert.deepEqual([ada.heard, bob.heard, cy.heard], [[news], [news], []]);
});

test('tells a bid to members of its own lot only, and lets others bid', async () => {
  const [here, elsewhere] = [newLot(), newLot()];
  const [ada, bob] = [await enter('ada', here), await enter('bob')];
  await counting({ bids: 2, accepted: 2, broadcasts: 2, deliveries: 1, acks: 2 }, async () => {
    assert.deepEqual(await ask(bob, 'bid', { lot: elsewhere, amount: 1 }), { ok: true, broadcast: true, price: 1 });
    await sleep(USER_COOLDOWN + 20);
    assert.deepEqual(await ask(bob, 'bid', { lot: here, amount: 1 }), { ok: true, broadcast: true, price: 1 });
    await eventually('ada has heard', () => ada.heard.length === 1);
  });
  assert.deepEqual(ada.heard, [{ lot: here, user: 'bob', amount: 1, price: 1, seq: 1 }]);
});

test('takes one bid a second on a lot, and says how long to wait', async () => {
  const lot = newLot();
  const [kim, leo] = [await enter('kim'), await enter('leo')];
  await counting({ bids: 3, accepted: 2, rejected: 1, broadcasts: 2, acks: 3 }, async () => {
    assert.equal((await ask(kim, 'bid', { lot, amount: 1 })).ok, true);
    const { retry_in_ms: wait, ...rejected } = await ask(leo, 'bid', { lot, amount: 2 });
    assert.deepEqual(rejected, { ok: false, error: 'cooldown' });
    assert.ok(Number.isInteger(wait) && wait > USER_COOLDOWN && wait <= LOT_COOLDOWN, `wait ${wait} ms`);
    await sleep(wait + EARLY);
    assert.equal((await ask(leo, 'bid', { lot, amount: 2 })).ok, true);
  });
});

test('takes a bid of a user every 200 ms, whatever it is on', async () => {
  const max = await enter('max');
  await counting({ bids: 3, accepted: 2, rejected: 1, broadcasts: 2, acks: 3 }, async () => {
    assert.equal((await ask(max, 'bid', { lot: newLot(), amount: 1 })).ok, true);
    const { retry_in_ms: wait, ...rejected } = await ask(max, 'bid', { lot: newLot(), amount: 1 });
    assert.deepEqual(rejected, { ok: false, error: 'cooldown' });
    assert.ok(Number.isInteger(wait) && wait > 0 && wait <= USER_COOLDOWN, `wait ${wait} ms`);
    await sleep(wait + EARLY);
    assert.equal((await ask(max, 'bid', { lot: newLot(), amount: 1 })).ok, true);
  });
});

test("keeps the leader's repeat to itself, and the price from falling", async () => {
  const lot = newLot();
  const [dora, eve] = [await enter('dora', lot), await enter('eve')];
  await counting({ bids: 3, accepted: 3, broadcasts: 2, deliveries: 2, acks: 3 }, async () => {
    assert.deepEqual(await ask(dora, 'bid', { lot, amount: 5 }), { ok: true, broadcast: true, price: 5 });
    await sleep(LOT_COOLDOWN + 20);
    assert.deepEqual(await ask(dora, 'bid', { lot, amount: 9 }), { ok: true, broadcast: false, price: 9 });
    await sleep(LOT_COOLDOWN + 20);
    assert.deepEqual(await ask(eve, 'bid', { lot, amount: 2 }), { ok: true, broadcast: true, price: 9 });
    await eventually('dora has heard', () => dora.heard.length === 2);
  });
  assert.deepEqual(dora.heard.map(({ user, amount, price, seq }) => [user, amount, price, seq]), [
    ['dora', 5, 5, 1],
    ['eve', 2, 9, 2],
  ]);
});

test('lets a member leave one lot or all', async () => {
  const [first, second, third] = [newLot(), newLot(), newLot()];
  const [fay, gus] = [await enter('fay', first, second, third), await enter('gus')];
  await counting({ leaves: 2, bids: 3, accepted: 3, broadcasts: 3, deliveries: 1, acks: 5 }, async () => {
    assert.deepEqual(await ask(fay, 'leave', first), OK);
    for (const lot of [first, second]) {
      assert.equal((await ask(gus, 'bid', { lot, amount: 1 })).broadcast, true);
      await sleep(USER_COOLDOWN + 20);
    }
    await eventually('fay has heard', () => fay.heard.length === 1);
    assert.deepEqual(await ask(fay, 'leave'), OK);
    assert.equal((await ask(gus, 'bid', { lot: third, amount: 1 })).broadcast, true);
  });
  assert.deepEqual(fay.heard.map(({ lot }) => lot), [second]);
});

test('sends no ack that nobody asked for', async () => {
  const lot = newLot();
  const hal = await enter('hal');
  await counting({ joins: 1, bids: 1, accepted: 1, broadcasts: 1, deliveries: 1 }, async () => {
    hal.emit('join', lot);
    hal.emit('bid', { lot, amount: 1 });
    await eventually('hal has heard', () => hal.heard.length === 1);
  });
});

test('answers nonsense, and goes on', async () => {
  const ida = await enter('ida');
  await counting({ bids: 6, rejected: 6, acks: 9, joins: 1 }, async () => {
    assert.deepEqual(await ask(ida, 'join'), INVALID);
    assert.deepEqual(await ask(ida, 'join', { lot: 'vase' }), INVALID);
    for (const bid of [{}, { lot: 'vase' }, { lot: 7, amount: 1 }, { lot: 'vase', amount: -1 },
      { lot: 'vase', amount: 1.5 }, { lot: 'vase', amount: 2 ** 53 }]) {
      assert.deepEqual(await ask(ida, 'bid', bid), INVALID, JSON.stringify(bid));
    }
    assert.deepEqual(await ask(ida, 'join', newLot()), OK);
  });
});

test('a reset zeroes all but who is there, and forgets cooldowns', async () => {
  const lot = newLot();
  const jo = await enter('jo', lot);
  assert.equal((await ask(jo, 'bid', { lot, amount: 5 })).ok, true);
  assert.ok((await post('/reset')).ok);
  const zero = Object.entries(await stats()).filter(([, value]) => value !== 0);
  assert.deepEqual(zero, [['connected', 1]]);
  assert.deepEqual(await ask(jo, 'bid', { lot, amount: 2 }), { ok: true, broadcast: true, price: 2 });
});
