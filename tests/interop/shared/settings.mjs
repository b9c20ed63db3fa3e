// Flags, and environment variables of the same name behind a prefix: `--ping-interval 300ms` is `NAME_PING_INTERVAL=300ms`.
// A flag wins.

import { parseArgs } from 'node:util';

/** What every application takes. */
const COMMON = {
  host: { value: '127.0.0.1', read: String },
  port: { value: '0', read: port },
  'ping-interval': { value: '25s', read: milliseconds },
  'ping-timeout': { value: '20s', read: milliseconds },
};

/** For applications with faults that hit by chance: decides which occasions. */
export const SEED = { seed: { value: '0', read: number } };

/** The settings by flag name; throws an Error that says which one is wrong and what to write. */
export function settings(prefix, own, args, environment) {
  const table = Object.entries({ ...COMMON, ...own });
  const type = ({ read }) => ({ type: read === flag ? 'boolean' : 'string' });
  const options = Object.fromEntries(table.map(([name, setting]) => [name, type(setting)]));
  const { values } = parseArgs({ args, options });
  return Object.fromEntries(
    table.map(([name, { value, read }]) => {
      const variable = `${prefix}_${name.toUpperCase().replaceAll('-', '_')}`;
      return [name, read(String(values[name] ?? environment[variable] ?? value), name)];
    }),
  );
}

export function port(text, name) {
  const read = Number(text);
  if (!Number.isInteger(read) || read < 0 || read > 65_535) {
    throw new Error(`--${name}: \`${text}\` is not a port; write one such as \`3000\`, or \`0\` for a free one`);
  }
  return read;
}

export function milliseconds(text, name) {
  const [, amount, unit] = /^(\d+)(ms|s)$/.exec(text) ?? (text === '0' ? [text, text, 'ms'] : []);
  if (unit === undefined) {
    throw new Error(`--${name}: \`${text}\` is not a duration; write one such as \`200ms\` or \`1s\``);
  }
  return Number(amount) * (unit === 's' ? 1000 : 1);
}

export function number(text, name) {
  if (!/^\d{1,9}$/.test(text)) throw new Error(`--${name}: \`${text}\` is not a number; write one such as \`5\``);
  return Number(text);
}

/** A share of 1. Written `5%`. */
export function share(text, name) {
  const [, percent] = /^(\d+(?:\.\d+)?)%$/.exec(text) ?? [];
  if (percent === undefined || Number(percent) > 100) {
    throw new Error(`--${name}: \`${text}\` is not a share; write one such as \`5%\``);
  }
  return Number(percent) / 100;
}

export function flag(text, name) {
  if (text !== 'true' && text !== 'false') {
    throw new Error(`--${name}: \`${text}\` is neither \`true\` nor \`false\``);
  }
  return text === 'true';
}
