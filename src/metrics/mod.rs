//! What is measured and how it is kept: counters and histograms of fixed memory that merge by addition.

pub mod catalog;
