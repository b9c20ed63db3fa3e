// Flags, and environment variables of the same name behind the prefix DASHBOARD_; a flag wins.

import { milliseconds, number, SEED, settings as read, share } from '../shared/settings.mjs';

const SETTINGS = {
  ...SEED,
  // A channel takes so many values in any stretch of so long.
  limit: { value: '5', read: number },
  window: { value: '1s', read: milliseconds },
  // A fault: so many of the subscriptions are answered with ok and never hear anything.
  deaf: { value: '0%', read: share },
};

export const settings = (args, environment) => read('DASHBOARD', SETTINGS, args, environment);
