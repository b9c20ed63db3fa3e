// Flags, and environment variables of the same name behind the prefix COLLABORATION_; a flag wins.

import { flag, SEED, settings as read, share } from '../shared/settings.mjs';

const SETTINGS = {
  ...SEED,
  // A fault: of a document's members every second one follows a copy that takes edits in another order.
  fork: { value: 'false', read: flag },
  // A fault: so many of the broadcasts never come, for each member by itself.
  lose: { value: '0%', read: share },
};

export const settings = (args, environment) => read('COLLABORATION', SETTINGS, args, environment);
