// What matchmaking promises, and what its faults do, asked over npm's socket.io-client.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { io } from 'socket.io-client';

import { application, sleep } from '../shared/conformance.mjs';

const HEARD = ['matched', 'moved', 'game-over'];
const OK = { ok: true };
const no = (error) => ({ ok: false, error });

/** Two who have found each other by the queue, by seat, and their match. */
async function pair(app) {
  const [ada, bob] = [await app.enter('ada'), await app.enter('bob')];
  assert.deepEqual(await app.ask(ada, 'queue', {}), OK);
  assert.deepEqual(await app.ask(bob, 'queue', {}), OK);
  const [[toAda], [toBob]] = [await app.heard(ada, 'matched', 1), await app.heard(bob, 'matched', 1)];
  const { match } = toAda;
  assert.deepEqual(toAda, { match, seat: 0, opponent: 'bob' });
  assert.deepEqual(toBob, { match, seat: 1, opponent: 'ada' });
  return [match, ada, bob];
}

/** The cells in turn, the first by seat 0. */
async function play(app, [match, ...players], cells) {
  for (const [index, cell] of cells.entries()) {
    assert.deepEqual(await app.ask(players[index % 2], 'move', { match, cell, ref: `m${index}` }), OK);
  }
}

describe('without a fault', () => {
  const app = application(io, import.meta.url, HEARD);

  test('keeps the contract of an application', () =>
    app.keepsTheContract(['connections', 'refused', 'connected', 'disconnects',
      ...['queue', 'create', 'join_room', 'move', 'leave'].flatMap((name) => [`${name}_accepted`, `${name}_rejected`]),
      'matches', 'won', 'drawn', 'abandoned', 'broadcasts', 'deliveries', 'acks']));

  test('pairs two that wait, and lets one of them win', async () => {
    await app.counting({ connections: 2, connected: 2, queue_accepted: 2, move_accepted: 5, matches: 1, won: 1,
      broadcasts: 7, deliveries: 14, acks: 7 }, async () => {
      const game = await pair(app);
      await play(app, game, [0, 3, 1, 4, 2]);
      const [match, ...players] = game;
      for (const player of players) {
        assert.deepEqual(await app.heard(player, 'game-over', 1), [{ match, winner: 0, reason: 'line' }]);
        const moves = await app.heard(player, 'moved', 5);
        assert.deepEqual(moves[1], { match, seat: 1, cell: 3, number: 2, ref: 'm1' });
        assert.deepEqual(moves.map(({ number }) => number), [1, 2, 3, 4, 5]);
      }
      assert.deepEqual(players[0].heard.at(-1)[0], 'game-over');
    });
  });

  test('ends in a draw when all cells are taken', async () => {
    const game = await pair(app);
    await app.counting({ move_accepted: 9, drawn: 1, broadcasts: 10, deliveries: 20, acks: 9 }, async () => {
      await play(app, game, [0, 1, 2, 4, 3, 5, 7, 6, 8]);
      assert.deepEqual(await app.heard(game[2], 'game-over', 1), [{ match: game[0], winner: null, reason: 'draw' }]);
    });
  });

  test('pairs by a room that one makes and the other knows', async () => {
    const [ada, bob, cy] = [await app.enter('ada'), await app.enter('bob'), await app.enter('cy')];
    const { ok, room } = await app.ask(ada, 'create', {});
    assert.equal(ok, true);
    assert.deepEqual(await app.ask(ada, 'join-room', { room }), no('own-room'));
    assert.deepEqual(await app.ask(bob, 'join-room', { room }), { ok: true, room, seat: 1 });
    assert.deepEqual(await app.ask(cy, 'join-room', { room }), no('no-room'));
    assert.deepEqual(await app.heard(ada, 'matched', 1), [{ match: room, seat: 0, opponent: 'bob' }]);
    await play(app, [room, ada, bob], [0, 4]);
    assert.deepEqual(await app.ask(cy, 'move', { match: room, cell: 8 }), no('no-match'));
  });

  test('refuses moves out of turn, on taken cells, off the board, and after the end', async () => {
    const [match, ada, bob] = await pair(app);
    await app.counting({ move_accepted: 5, move_rejected: 7, won: 1, broadcasts: 6, deliveries: 12, acks: 12 }, async () => {
      assert.deepEqual(await app.ask(bob, 'move', { match, cell: 0 }), no('not-your-turn'));
      await play(app, [match, ada], [0]);
      assert.deepEqual(await app.ask(ada, 'move', { match, cell: 1 }), no('not-your-turn'));
      assert.deepEqual(await app.ask(bob, 'move', { match, cell: 0 }), no('taken'));
      assert.deepEqual(await app.ask(bob, 'move', { match, cell: 9 }), no('invalid'));
      assert.deepEqual(await app.ask(bob, 'move'), no('invalid'));
      assert.deepEqual(await app.ask(bob, 'move', { match, cell: '3' }), no('invalid'));
      await play(app, [match, bob, ada], [3, 1, 4, 2]);
      assert.deepEqual(await app.ask(bob, 'move', { match, cell: 5 }), no('no-match'));
    });
  });

  test('whoever leaves, queues anew or disconnects gives the game to the other', async () => {
    for (const goes of [
      (player) => player.emit('leave', {}),
      (player) => player.emit('create', {}),
      (player) => player.disconnect(),
    ]) {
      const [match, ada, bob] = await pair(app);
      goes(ada);
      assert.deepEqual(await app.heard(bob, 'game-over', 1), [{ match, winner: 1, reason: 'left' }]);
    }
  });

  test('whoever joins a room leaves the game before', async () => {
    const [match, ada, bob] = await pair(app);
    const cy = await app.enter('cy');
    const { room } = await app.ask(cy, 'create', {});
    assert.equal((await app.ask(ada, 'join-room', { room })).ok, true);
    assert.deepEqual(await app.heard(bob, 'game-over', 1), [{ match, winner: 1, reason: 'left' }]);
    assert.deepEqual(await app.ask(cy, 'move', { match: room, cell: 0 }), OK);
  });

  test('answers nonsense, and goes on', async () => {
    const ada = await app.enter('ada');
    for (const event of ['move', 'join-room']) {
      for (const request of [null, undefined, 7, 'x', []]) assert.deepEqual(await app.ask(ada, event, request), no('invalid'));
    }
    assert.deepEqual(await app.ask(ada, 'queue', null), OK);
  });

  test('pairs nobody with who has gone, or with themselves', async () => {
    const [ada, bob, cy] = [await app.enter('ada'), await app.enter('bob'), await app.enter('cy')];
    await app.ask(ada, 'queue', {});
    await app.ask(ada, 'queue', {});
    ada.disconnect();
    await app.eventually('ada has gone', async () => (await app.stats()).connected === 2);
    await app.ask(bob, 'queue', {});
    assert.deepEqual(bob.heard, []);
    await app.ask(cy, 'queue', {});
    assert.equal((await app.heard(bob, 'matched', 1))[0].opponent, 'cy');
  });
});

describe('with --never-pair', () => {
  const app = application(io, import.meta.url, HEARD, '--never-pair');

  test('who queues waits for ever', async () => {
    const players = [await app.enter('ada'), await app.enter('bob')];
    for (const player of players) assert.deepEqual(await app.ask(player, 'queue', {}), OK);
    await sleep(100);
    assert.deepEqual(players.map(({ heard }) => heard), [[], []]);
    assert.equal((await app.stats()).matches, 0);
  });
});

describe('with --two-winners', () => {
  const app = application(io, import.meta.url, HEARD, '--two-winners');

  test('both hear that they have won', async () => {
    const [match, ada, bob] = await pair(app);
    await play(app, [match, ada, bob], [0, 3, 1, 4, 2]);
    assert.deepEqual((await app.heard(ada, 'game-over', 1))[0].winner, 0);
    assert.deepEqual((await app.heard(bob, 'game-over', 1))[0].winner, 1);
  });
});
