// Flags, and environment variables of the same name behind the prefix AUCTION_; a flag wins.

import { parseArgs } from 'node:util';

const SETTINGS = {
  host: { value: '127.0.0.1', read: String },
  port: { value: '0', read: port },
  'ping-interval': { value: '25s', read: milliseconds },
  'ping-timeout': { value: '20s', read: milliseconds },
  'lot-cooldown': { value: '1s', read: milliseconds },
  'user-cooldown': { value: '200ms', read: milliseconds },
  // Empty: any password that is not empty logs in.
  password: { value: '', read: String },
};

/** The settings by flag name; throws an Error that says which one is wrong and what to write. */
export function settings(args, environment) {
  const options = Object.fromEntries(Object.keys(SETTINGS).map((name) => [name, { type: 'string' }]));
  const { values } = parseArgs({ args, options });
  return Object.fromEntries(
    Object.entries(SETTINGS).map(([name, { value, read }]) => {
      const variable = `AUCTION_${name.toUpperCase().replaceAll('-', '_')}`;
      return [name, read(values[name] ?? environment[variable] ?? value, name)];
    }),
  );
}

function port(text, name) {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 0 || number > 65_535) {
    throw new Error(`--${name}: \`${text}\` is not a port; write one such as \`3000\`, or \`0\` for a free one`);
  }
  return number;
}

function milliseconds(text, name) {
  const [, number, unit] = /^(\d+)(ms|s)$/.exec(text) ?? (text === '0' ? [text, text, 'ms'] : []);
  if (unit === undefined) {
    throw new Error(`--${name}: \`${text}\` is not a duration; write one such as \`200ms\` or \`1s\``);
  }
  return Number(number) * (unit === 's' ? 1000 : 1);
}
