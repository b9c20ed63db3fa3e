//! A user against a server that is a function: suites as text, a virtual clock, no socket.

mod actions;
mod books;
mod branches;
mod causes;
mod comings;
mod deliveries;
mod customs;
mod events;
mod feeds;
mod http;
mod invariants;
mod login;
mod losses;
mod meetings;
mod namespaces;
mod partings;
mod recovery;
mod server;
mod sights;
mod simulation;
mod stopping;
mod turns;
