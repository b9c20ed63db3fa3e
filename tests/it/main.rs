//! Every integration test in one binary: linking once is what keeps the tests quick.

#![expect(clippy::unwrap_used, reason = "a test that unwraps in vain has failed, and says where")]
#![expect(clippy::disallowed_methods, reason = "whole runs take real time, and tests have switches of their own")]

mod applications;
mod architecture;
mod browser;
mod cli;
mod comparing;
mod deliveries;
mod diagnosis;
mod counting;
mod documents;
mod games;
mod hybrid;
mod init;
mod interop;
mod invariants;
mod loadtests;
mod matrix;
mod keys;
mod options;
mod lounge;
mod pages;
mod planning;
mod plans;
mod readers;
mod reporting;
mod reports;
mod runs;
mod suites;
mod support;
mod templates;
mod toggles;
mod transcripts;
mod transports;
mod validity;
