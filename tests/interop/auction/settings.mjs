// Flags, and environment variables of the same name behind the prefix AUCTION_; a flag wins.

import { milliseconds, settings as read } from '../shared/settings.mjs';

const SETTINGS = {
  'lot-cooldown': { value: '1s', read: milliseconds },
  'user-cooldown': { value: '200ms', read: milliseconds },
  // Empty: any password that is not empty logs in.
  password: { value: '', read: String },
};

export const settings = (args, environment) => read('AUCTION', SETTINGS, args, environment);
