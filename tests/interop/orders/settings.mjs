// Flags, and environment variables of the same name behind the prefix ORDERS_; a flag wins.

import { SEED, settings as read, share } from '../shared/settings.mjs';

const SETTINGS = {
  ...SEED,
  // Empty: any password that is not empty logs in.
  password: { value: '', read: String },
  // A fault: so many of the orders are taken and no kitchen ever hears of them.
  forget: { value: '0%', read: share },
};

export const settings = (args, environment) => read('ORDERS', SETTINGS, args, environment);
