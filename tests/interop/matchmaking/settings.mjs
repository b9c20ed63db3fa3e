// Flags, and environment variables of the same name behind the prefix MATCHMAKING_; a flag wins.

import { flag, settings as read } from '../shared/settings.mjs';

const SETTINGS = {
  // A fault: who queues waits for ever.
  'never-pair': { value: 'false', read: flag },
  // A fault: each player of a game that was won hears of having won it.
  'two-winners': { value: 'false', read: flag },
};

export const settings = (args, environment) => read('MATCHMAKING', SETTINGS, args, environment);
