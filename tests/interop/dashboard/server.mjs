// Values that somebody publishes by HTTP, and that everybody who has subscribed to the channel hears.
//
//   subscribe CHANNEL                        ack { ok, seq, value }: the latest
//   unsubscribe CHANNEL                      ack { ok }
//   POST /publish { channel, value, ref }    202 { ok, seq }; subscribers hear `update { channel, seq, value, ref }`
//                                            429 { ok, error: 'rate', retry_in_ms } when there were too many, 400 for nonsense

import process from 'node:process';
import { Server } from 'socket.io';

import { application, body, INVALID, isName, nameOf, OK, withRef } from '../shared/application.mjs';
import { Chance } from '../shared/chance.mjs';
import { Dashboard } from './rules.mjs';
import { settings } from './settings.mjs';

const options = settings(process.argv.slice(2), process.env);
const chance = new Chance(options.seed);
const dashboard = new Dashboard(options);

const EVENTS = {
  subscribe(socket, channel) {
    if (!isName(channel)) return INVALID;
    const deaf = chance.hits(options.deaf, channel, socket.data.user);
    if (deaf) app.counts.deaf += 1;
    socket.join(deaf ? deafRoom(channel) : room(channel));
    return { ok: true, ...dashboard.latest(channel) };
  },

  unsubscribe(socket, channel) {
    if (!isName(channel)) return INVALID;
    socket.leave(room(channel));
    socket.leave(deafRoom(channel));
    return OK;
  },
};

async function publish(request) {
  const { channel, value, ref } = await body(request);
  if (!isName(channel) || value === undefined) {
    app.counts.publish_invalid += 1;
    return { status: 400, json: INVALID };
  }
  const { accepted, retryIn, seq } = dashboard.publish(performance.now(), channel, value);
  if (!accepted) {
    app.counts.publish_throttled += 1;
    // Rounded up: who waits as long as it was told must not be too early.
    const wait = Math.ceil(retryIn);
    const headers = { 'retry-after': Math.ceil(wait / 1000) };
    return { status: 429, headers, json: { ok: false, error: 'rate', retry_in_ms: wait } };
  }
  app.counts.publish_accepted += 1;
  app.counts.unheard += app.members(deafRoom(channel)).length;
  app.tell(room(channel), 'update', { channel, seq, value, ...withRef(ref) });
  return { status: 202, json: { ok: true, seq } };
}

/** Rooms of channels, apart from any other name that a room may have. */
const room = (channel) => `channel:${channel}`;
const deafRoom = (channel) => `deaf:${channel}`;

const app = await application({
  Server,
  options,
  events: EVENTS,
  routes: { 'POST /publish': publish },
  user: nameOf,
  // `deaf`: subscriptions that hear nothing. `unheard`: what was not handed to them.
  counts: ['publish_accepted', 'publish_throttled', 'publish_invalid', 'deaf', 'unheard'],
  reset: () => dashboard.reset(),
});
