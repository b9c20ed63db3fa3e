// Flags, and environment variables of the same name behind the prefix GRAPHQL_; a flag wins.

import { milliseconds, SEED, settings as read, share } from '../shared/settings.mjs';

const SETTINGS = {
  ...SEED,
  // How often each client is asked whether it is there, by a message `ping` of the protocol.
  ping: { value: '1s', read: milliseconds },
  // A fault: so many of the deliveries are lost, each subscriber by itself.
  lose: { value: '0%', read: share },
  // A fault: so many of the bids are not answered, and the connection is closed with 1000, as if all were well.
  leave: { value: '0%', read: share },
};

export const settings = (args, environment) => read('GRAPHQL', SETTINGS, args, environment);
