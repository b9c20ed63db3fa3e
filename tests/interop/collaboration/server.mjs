// Documents that many edit at once. Every member hears of every edit, in one order, with the version that it made and a
// checksum of the whole text, so that all can see whether they have the same.
//
//   join DOC                        ack { ok, version, checksum, text }
//   leave DOC                       ack { ok }
//   edit { doc, ref, at, text }     ack { ok, version }; members hear `edited { doc, version, checksum, ref, user, text }`

import process from 'node:process';
import { Server } from 'socket.io';

import { application, INVALID, isName, nameOf, no, OK, withRef } from '../shared/application.mjs';
import { Chance } from '../shared/chance.mjs';
import { Document, Fork } from './rules.mjs';
import { settings } from './settings.mjs';

/** For how long edits wait for each other on a fork, in milliseconds. */
const FORK_WAIT = 50;

const options = settings(process.argv.slice(2), process.env);
const chance = new Chance(options.seed);
const documents = new Map(); // by name: the document, its fork, and how many have joined so far

const EVENTS = {
  join(socket, doc) {
    if (!isName(doc)) return INVALID;
    const { document, joined } = open(doc);
    documents.get(doc).joined += 1;
    socket.join(options.fork && joined % 2 === 1 ? forkRoom(doc) : room(doc));
    const { version, checksum, text } = document;
    return { ok: true, version, checksum, text };
  },

  leave(socket, doc) {
    if (!isName(doc)) return INVALID;
    socket.leave(room(doc));
    socket.leave(forkRoom(doc));
    return OK;
  },

  edit(socket, edit) {
    const { doc, ref, at, text } = edit ?? {};
    if (!isName(doc)) return INVALID;
    if (!socket.rooms.has(room(doc)) && !socket.rooms.has(forkRoom(doc))) return no('not-joined');
    const { document, fork } = open(doc);
    const { error, version, checksum } = document.edit(at, text);
    if (error !== undefined) return no(error);
    const { user } = socket.data;
    tell(room(doc), { doc, version, checksum, ...withRef(ref), user, text });
    if (options.fork && fork.add({ doc, ...withRef(ref), user, at, text })) {
      setTimeout(() => fork.take().forEach(({ error: _, ...news }) => tell(forkRoom(doc), news)), FORK_WAIT);
    }
    return { ok: true, version };
  },
};

function open(doc) {
  if (!documents.has(doc)) documents.set(doc, { document: new Document(), fork: new Fork(), joined: 0 });
  return documents.get(doc);
}

/** Rooms of documents, apart from any other name that a room may have. */
const room = (doc) => `doc:${doc}`;
const forkRoom = (doc) => `fork:${doc}`;

function tell(name, news) {
  app.tell(name, 'edited', news, ({ data: { user } }) => {
    const lost = chance.hits(options.lose, news.doc, news.version, user);
    if (lost) app.counts.lost += 1;
    return !lost;
  });
}

const app = await application({
  Server,
  options,
  events: EVENTS,
  user: nameOf,
  counts: ['lost'],
  reset: () => documents.clear(),
});
