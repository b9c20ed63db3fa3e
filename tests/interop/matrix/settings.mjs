// Flags, and environment variables of the same name behind the prefix MATRIX_; a flag wins.

import { flag, milliseconds, settings as read } from '../shared/settings.mjs';

const oneOf = (words) => (text, name) => {
  if (!words.includes(text)) throw new Error(`--${name}: \`${text}\` is none of ${words.join(', ')}`);
  return text;
};

const SETTINGS = {
  // The major version of the library.
  'socket-io': { value: '4', read: (text, name) => Number(oneOf(['2', '3', '4'])(text, name)) },
  parser: { value: 'json', read: oneOf(['json', 'msgpack']) },
  // Connection state recovery, of version 4.
  recovery: { value: 'false', read: flag },
  // URL of the Redis server by which several nodes are one.
  redis: { value: '', read: String },
  // Short, so that a run of a few seconds has several.
  'ping-interval': { value: '1s', read: milliseconds },
  'ping-timeout': { value: '5s', read: milliseconds },
};

export const settings = (args, environment) => read('MATRIX', SETTINGS, args, environment);
