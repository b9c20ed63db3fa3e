//! Outcomes made by hand, for report tests and for looking at a report without a run.
