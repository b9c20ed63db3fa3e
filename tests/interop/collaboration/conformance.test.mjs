// What the shared documents promise, and what their faults do, asked over npm's socket.io-client.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { io } from 'socket.io-client';

import { application } from '../shared/conformance.mjs';

const INVALID = { ok: false, error: 'invalid' };

/** Sockets of these users that have joined one new document, and its name. */
async function gather(app, ...users) {
  const doc = app.fresh('doc');
  const sockets = [];
  for (const user of users) {
    const socket = await app.enter(user);
    assert.equal((await app.ask(socket, 'join', doc)).ok, true);
    sockets.push(socket);
  }
  return [doc, ...sockets];
}

/** So many edits at the same place, all in the air at once; each of the sockets in turn. */
async function editAtOnce(app, doc, sockets, count) {
  const edits = Array.from({ length: count }, (_, index) =>
    app.ask(sockets[index % sockets.length], 'edit', { doc, at: 0, text: `<${index}>`, ref: `r${index}` }));
  assert.ok((await Promise.all(edits)).every(({ ok }) => ok));
}

describe('without a fault', () => {
  const app = application(io, import.meta.url, ['edited']);

  test('keeps the contract of an application', () =>
    app.keepsTheContract(['connections', 'refused', 'connected', 'disconnects', 'join_accepted', 'join_rejected',
      'leave_accepted', 'leave_rejected', 'edit_accepted', 'edit_rejected', 'lost', 'broadcasts', 'deliveries', 'acks']));

  test('tells an edit to all members, the editor too, and to nobody else', async () => {
    const [doc, ada, bob] = await gather(app, 'ada', 'bob');
    const [, cy] = await gather(app, 'cy');
    await app.counting({ edit_accepted: 1, broadcasts: 1, deliveries: 2, acks: 2, leave_accepted: 1 }, async () => {
      const ack = await app.ask(ada, 'edit', { doc, at: 0, text: 'hi', ref: 'a1' });
      assert.deepEqual(ack, { ok: true, version: 1 });
      const [news] = await app.heard(ada, 'edited', 1);
      assert.match(news.checksum, /^[0-9a-f]{8}$/);
      assert.deepEqual({ ...news, checksum: 0 }, { doc, version: 1, checksum: 0, ref: 'a1', user: 'ada', text: 'hi' });
      assert.deepEqual(await app.heard(bob, 'edited', 1), [news]);
      // What cy should not have heard would have come before this ack.
      assert.deepEqual(await app.ask(cy, 'leave', 'elsewhere'), { ok: true });
    });
    assert.deepEqual(cy.heard, []);
  });

  test('shows the text as it is to who joins later', async () => {
    const [doc, ada] = await gather(app, 'ada');
    await app.ask(ada, 'edit', { doc, at: 0, text: 'world' });
    await app.ask(ada, 'edit', { doc, at: 0, text: 'hello ' });
    await app.ask(ada, 'edit', { doc, at: 999, text: '!' });
    const [, , last] = await app.heard(ada, 'edited', 3);
    const bob = await app.enter('bob');
    const expected = { ok: true, version: 3, checksum: last.checksum, text: 'hello world!' };
    assert.deepEqual(await app.ask(bob, 'join', doc), expected);
  });

  test('has one order for all, whoever edits', async () => {
    const [doc, ...all] = await gather(app, 'ada', 'bob', 'cy');
    await editAtOnce(app, doc, all, 30);
    const [first, ...others] = await Promise.all(all.map((socket) => app.heard(socket, 'edited', 30)));
    assert.deepEqual(first.map(({ version }) => version), Array.from({ length: 30 }, (_, index) => index + 1));
    for (const other of others) assert.deepEqual(other, first);
    assert.equal(new Set(first.map(({ checksum }) => checksum)).size, 30);
  });

  test('refuses what is no edit, and who has not joined or has left', async () => {
    const [doc, ada] = await gather(app, 'ada');
    await app.counting({ join_rejected: 2, edit_rejected: 8, leave_accepted: 1, acks: 11 }, async () => {
      assert.deepEqual(await app.ask(ada, 'join'), INVALID);
      assert.deepEqual(await app.ask(ada, 'join', { doc }), INVALID);
      for (const edit of [undefined, {}, { doc }, { doc, at: -1, text: 'x' }, { doc, at: 0, text: '' },
        { doc, at: 0, text: 'x'.repeat(201) }]) {
        assert.deepEqual(await app.ask(ada, 'edit', edit), INVALID, JSON.stringify(edit));
      }
      const elsewhere = { doc: app.fresh('doc'), at: 0, text: 'x' };
      assert.deepEqual(await app.ask(ada, 'edit', elsewhere), { ok: false, error: 'not-joined' });
      await app.ask(ada, 'leave', doc);
      assert.deepEqual(await app.ask(ada, 'edit', { doc, at: 0, text: 'x' }), { ok: false, error: 'not-joined' });
    });
  });
});

describe('with --fork', () => {
  const app = application(io, import.meta.url, ['edited'], '--fork');

  test('every second member has another order, other versions and another text', async () => {
    const [doc, ...all] = await gather(app, 'ada', 'bob', 'cy');
    await editAtOnce(app, doc, all, 6);
    const [ada, bob, cy] = await Promise.all(all.map((socket) => app.heard(socket, 'edited', 6)));
    assert.deepEqual(cy, ada);
    const refs = (heard) => heard.map(({ ref }) => ref);
    assert.deepEqual(refs(bob).sort(), refs(ada).sort());
    assert.notDeepEqual(bob.map(({ ref }) => ref), ada.map(({ ref }) => ref));
    assert.deepEqual(bob.map(({ version }) => version), [1, 2, 3, 4, 5, 6]);
    assert.notEqual(bob.at(-1).checksum, ada.at(-1).checksum);
  });
});

describe('with --lose 20%', () => {
  const app = application(io, import.meta.url, ['edited'], '--lose', '20%', '--seed', '7');

  test('some broadcasts never come, and are counted', async () => {
    const [doc, ...all] = await gather(app, 'ada', 'bob');
    await editAtOnce(app, doc, all, 100);
    const { lost, deliveries } = await app.stats();
    assert.equal(lost + deliveries, 200);
    assert.ok(lost > 15 && lost < 65, `${lost} lost`);
    await app.eventually('the rest', () => all[0].heard.length + all[1].heard.length === deliveries);
    assert.notDeepEqual(all[0].heard, all[1].heard);
  });
});
