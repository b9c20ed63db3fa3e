//! Every integration test in one binary: linking once is what keeps the tests quick.

mod architecture;
mod cli;
mod documents;
mod interop;
mod loadtests;
mod plans;
mod reports;
mod runs;
mod suites;
mod support;
mod transcripts;
