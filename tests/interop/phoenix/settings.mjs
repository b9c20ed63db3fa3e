// Flags, and environment variables of the same name behind the prefix PHOENIX_; a flag wins.

import { milliseconds, SEED, settings as read, share } from '../shared/settings.mjs';

const SETTINGS = {
  ...SEED,
  // A client that says nothing for so long is closed with 1000, as Phoenix does.
  timeout: { value: '60s', read: milliseconds },
  // A fault: so many of the messages are answered with ok and told to nobody.
  mute: { value: '0%', read: share },
  // A fault: so many of the messages are answered with an error.
  refuse: { value: '0%', read: share },
};

export const settings = (args, environment) => read('PHOENIX', SETTINGS, args, environment);
