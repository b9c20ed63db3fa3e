// Flags, and environment variables of the same name behind the prefix AUCTION_; a flag wins.

import { flag, milliseconds, settings as read } from '../shared/settings.mjs';

const SETTINGS = {
  'lot-cooldown': { value: '1s', read: milliseconds },
  'user-cooldown': { value: '200ms', read: milliseconds },
  // A fault: a lot that has just taken a bid takes the next one, too.
  'two-winners': { value: 'false', read: flag },
  // Empty: any password that is not empty logs in.
  password: { value: '', read: String },
};

export const settings = (args, environment) => read('AUCTION', SETTINGS, args, environment);
