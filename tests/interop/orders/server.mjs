// Orders that go from a customer to a kitchen and back: each event leads to another, by somebody else.
//
//   POST /login { user, password, role }    200 { token } and a cookie `session`; role is `customer` or `kitchen`
//   a socket with `auth: { token }`
//
//   customer: POST /orders { kitchen, order, ref } with the cookie, 201 { ok, number }, or 409 if there is such an order;
//             or emits place-order { kitchen, order, ref }, ack { ok, number }
//             hears order-accepted { order, kitchen, ref, cook } and order-ready, the same
//   kitchen:  open KITCHEN, ack { ok }, and from then on hears order-placed { order, kitchen, number, customer, ref }
//             accept { order }, ack { ok } for the first; ready { order }, ack { ok } for who accepted it

import { createHmac, randomBytes } from 'node:crypto';
import process from 'node:process';
import { Server } from 'socket.io';

import { application, body, INVALID, isName, no, OK, withRef } from '../shared/application.mjs';
import { Chance } from '../shared/chance.mjs';
import { Orders } from './rules.mjs';
import { settings } from './settings.mjs';

const FORBIDDEN = no('forbidden');
const STATUS = { invalid: 400, forbidden: 403, exists: 409 };

const options = settings(process.argv.slice(2), process.env);
const chance = new Chance(options.seed);
const orders = new Orders();
const users = new Map(); // by token: name and role
const tokenKey = randomBytes(32);

const EVENTS = {
  'place-order': (socket, order) => place(socket.data.user, order),

  open(socket, kitchen) {
    if (socket.data.user.role !== 'kitchen') return FORBIDDEN;
    if (!isName(kitchen)) return INVALID;
    socket.join(kitchenRoom(kitchen));
    return OK;
  },

  accept: (socket, request) => cook(socket, request, 'accept', 'order-accepted'),
  ready: (socket, request) => cook(socket, request, 'ready', 'order-ready'),
};

function place({ name, role }, request) {
  const { kitchen, order, ref } = request ?? {};
  if (role !== 'customer') return FORBIDDEN;
  if (!isName(kitchen) || !isName(order)) return INVALID;
  const { error, number } = orders.place({ order, kitchen, customer: name, ref });
  if (error !== undefined) return no(error);
  if (chance.hits(options.forget, kitchen, number)) app.counts.forgotten += 1;
  else app.tell(kitchenRoom(kitchen), 'order-placed', { order, kitchen, number, customer: name, ...withRef(ref) });
  return { ok: true, number };
}

/** A cook does something with an order, and its customer hears of it. */
function cook(socket, request, what, event) {
  const { name, role } = socket.data.user;
  if (role !== 'kitchen') return FORBIDDEN;
  const id = request?.order;
  if (!isName(id)) return INVALID;
  const { error, kitchen, customer, ref } = orders[what](id, name);
  if (error !== undefined) return no(error);
  app.tell(customerRoom(customer), event, { order: id, kitchen, ...withRef(ref), cook: name });
  return OK;
}

/** Rooms apart from each other and from any other name that a room may have. */
const kitchenRoom = (kitchen) => `kitchen:${kitchen}`;
const customerRoom = (customer) => `customer:${customer}`;

// HTTP

async function logIn(request) {
  const { user, password, role } = await body(request);
  if (!isName(user) || typeof password !== 'string' || !['customer', 'kitchen'].includes(role)) {
    return { status: 400, json: INVALID };
  }
  if (options.password === '' ? password === '' : password !== options.password) {
    return { status: 401, json: no('unauthorized') };
  }
  const token = createHmac('sha256', tokenKey).update(`${role} ${user}`).digest('hex').slice(0, 32);
  users.set(token, { name: user, role });
  app.counts.logins += 1;
  return { status: 200, json: { token }, headers: { 'set-cookie': `session=${token}; Path=/; HttpOnly` } };
}

async function placeByHttp(request) {
  const [, session] = /(?:^|;\s*)session=(\w+)/.exec(request.headers.cookie ?? '') ?? [];
  const user = users.get(session);
  if (user === undefined) return { status: 401, json: no('unauthorized') };
  const result = place(user, await body(request));
  app.counts[result.ok ? 'orders_accepted' : 'orders_rejected'] += 1;
  return { status: result.ok ? 201 : STATUS[result.error], json: result };
}

const app = await application({
  Server,
  options,
  events: EVENTS,
  routes: { 'POST /login': logIn, 'POST /orders': placeByHttp },
  user: ({ token }) => users.get(token),
  come: (socket) => {
    const { name, role } = socket.data.user;
    if (role === 'customer') socket.join(customerRoom(name));
  },
  // `orders_…` are those placed by HTTP, `place_order_…` those by a socket, `forgotten` some of either.
  counts: ['logins', 'orders_accepted', 'orders_rejected', 'forgotten'],
  // Tokens stay valid, so that a reset between two runs disturbs nobody.
  reset: () => orders.reset(),
});
