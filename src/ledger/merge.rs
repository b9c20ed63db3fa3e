//! The acts of all workers in one order: that of their sends.

use std::collections::VecDeque;

use super::act::Act;
use crate::units::Moment;

/// Acts that were handed over and wait for those of other workers.
#[derive(Debug, Default)]
pub struct Merge(Vec<Stream>);

#[derive(Debug, Clone, Default)]
struct Stream {
    /// In the order of their sends.
    acts: VecDeque<Act>,
    /// Nothing older will follow.
    mark: Moment,
}

impl Merge {
    #[must_use]
    pub fn new(workers: usize) -> Self {
        Self(vec![Stream::default(); workers])
    }

    /// Takes what a worker handed over.
    pub fn take(&mut self, worker: usize, acts: Vec<Act>, mark: Moment) {
        let stream = &mut self.0[worker];
        stream.acts.extend(acts);
        stream.mark = mark;
    }

    /// Everything sent before this has been handed over.
    #[must_use]
    pub fn mark(&self) -> Moment {
        self.0.iter().map(|stream| stream.mark).min().unwrap_or(Moment::NEVER)
    }

    /// The next act that no other can come before any more.
    pub fn next_act(&mut self) -> Option<Act> {
        let mark = self.mark();
        let first = |stream: &Stream| stream.acts.front().map(|act| (act.sent, act.user));
        let streams = self.0.iter_mut().filter_map(|stream| Some((first(stream)?, stream)));
        let ((sent, _), stream) = streams.min_by_key(|(first, _)| *first)?;
        if sent < mark { stream.acts.pop_front() } else { None }
    }
}
