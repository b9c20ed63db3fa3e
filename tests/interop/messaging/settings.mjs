// Flags, and environment variables of the same name behind the prefix MESSAGING_; a flag wins.

import { milliseconds, number, SEED, settings as read, share } from '../shared/settings.mjs';

const SETTINGS = {
  ...SEED,
  // A user sends so many messages in any stretch of the window, and a room takes so many. The defaults are what the
  // application documents; a lower one is a fault to whoever trusts them.
  limit: { value: '5', read: number },
  'room-limit': { value: '20', read: number },
  window: { value: '1s', read: milliseconds },
  // A fault: so many of the messages are answered with ok and told to nobody.
  mute: { value: '0%', read: share },
};

export const settings = (args, environment) => read('MESSAGING', SETTINGS, args, environment);
