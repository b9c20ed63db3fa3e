//! Real sockets on the loopback, and what can go wrong on them.
