//! A user against a server that is a function: suites as text, a virtual clock, no socket.

mod actions;
mod books;
mod causes;
mod comings;
mod invariants;
mod login;
mod losses;
mod server;
mod simulation;
mod stopping;
mod turns;
