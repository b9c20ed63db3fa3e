// An auction by GraphQL over WebSocket (subprotocol graphql-transport-ws) at /graphql, on npm's graphql-ws.
//
//   connection_init { user }                             connection_ack; without a user it closes with 4403
//   mutation { bid(lot, amount, ref) { seq } }           next and complete, or next with errors
//   subscription { bidPlaced(lots) { lot amount user ref seq } }    next for every bid on one of the lots
//
// The server sends `ping` now and then, and counts the `pong`s.

import process from 'node:process';
import { buildSchema } from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';

import { Chance } from '../shared/chance.mjs';
import { plain } from '../shared/plain.mjs';
import { Lots, Subscription } from './rules.mjs';
import { settings } from './settings.mjs';

const schema = buildSchema(`
  type Bid { lot: String!, amount: Int!, user: String!, ref: String, seq: Int! }
  type Query { health: Boolean! }
  type Mutation { bid(lot: String!, amount: Int!, ref: String): Bid! }
  type Subscription { bidPlaced(lots: [String!]!): Bid! }
`);

const options = settings(process.argv.slice(2), process.env);
const chance = new Chance(options.seed);
const lots = new Lots();
const subscriptions = new Set();

const { counts, http, start } = plain({
  options,
  counts: [
    'connections', 'refused', 'connected', 'disconnects', 'subscriptions', 'bids_accepted', 'bids_rejected',
    'broadcasts', 'deliveries', 'lost', 'left', 'pings', 'pongs',
  ],
  reset: () => lots.reset(),
  close: () => graphql.dispose(),
});

function bid({ lot, amount, ref }, { user, socket }) {
  const placed = lots.bid({ lot, amount, user, ref });
  if (placed.error) {
    counts.bids_rejected += 1;
    throw new Error(placed.error);
  }
  if (chance.hits(options.leave, lot, placed.seq)) {
    counts.left += 1;
    socket.close(1000);
    return new Promise(() => {});
  }
  counts.bids_accepted += 1;
  counts.broadcasts += 1;
  for (const subscription of subscriptions) {
    if (!subscription.lots.has(lot)) continue;
    if (chance.hits(options.lose, lot, placed.seq, subscription.user)) {
      counts.lost += 1;
    } else {
      counts.deliveries += 1;
      subscription.push({ bidPlaced: placed });
    }
  }
  return placed;
}

function bidPlaced({ lots: wanted }, { user }) {
  const subscription = new Subscription(wanted, user, (ended) => subscriptions.delete(ended));
  subscriptions.add(subscription);
  counts.subscriptions += 1;
  return subscription;
}

const graphql = useServer(
  {
    schema,
    roots: { query: { health: () => true }, mutation: { bid }, subscription: { bidPlaced } },
    context: (client) => ({ user: client.connectionParams.user, socket: client.extra.socket }),
    onConnect(client) {
      const user = client.connectionParams?.user;
      if (typeof user !== 'string' || user === '') {
        counts.refused += 1;
        return false;
      }
      counts.connections += 1;
      counts.connected += 1;
      client.extra.user = user;
      client.extra.socket.on('message', (text) => {
        // graphql-ws takes a pong for what it is, and tells nobody.
        if (JSON.parse(text).type === 'pong') counts.pongs += 1;
      });
      client.extra.pinging = setInterval(() => {
        counts.pings += 1;
        client.extra.socket.send(JSON.stringify({ type: 'ping' }));
      }, options.ping);
      return true;
    },
    onDisconnect(client) {
      clearInterval(client.extra.pinging);
      if (client.extra.user === undefined) return;
      counts.disconnects += 1;
      counts.connected -= 1;
    },
  },
  new WebSocketServer({ server: http, path: '/graphql' }),
);

await start();
