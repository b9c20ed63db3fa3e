//! Events without any key: they are counted, and each action claims one of them from every user that should have heard of it.

use std::collections::{HashMap, VecDeque};

use super::stray::Strays;
use crate::units::Moment;

/// Events that no action has claimed yet, by user and listener. As no event says to which action it belongs, one that came
/// while an action could be received is as good for it as another; one that came before or after is not.
#[derive(Debug, Default)]
pub struct Credits(HashMap<(u32, u16), Account>);

#[derive(Debug, Default)]
struct Account {
    /// When each of them came.
    came: VecDeque<Moment>,
    /// From when to when one more may have come.
    excuses: VecDeque<(Moment, Moment)>,
}

impl Credits {
    pub fn add(&mut self, user: u32, listener: u16, at: Moment) {
        self.0.entry((user, listener)).or_default().came.push_back(at);
    }

    /// Is there one for each of these times, from when to when, if they take theirs in this order?
    #[must_use]
    pub fn suffice(&self, user: u32, listener: u16, times: &[(Moment, Moment)]) -> bool {
        let mut came = self.0.get(&(user, listener)).map(|account| account.came.clone()).unwrap_or_default();
        times.iter().all(|(from, until)| take(&mut came, *from, *until))
    }

    /// Takes the first one away that came between two moments, if there is one.
    pub fn claim(&mut self, user: u32, listener: u16, from: Moment, until: Moment) -> bool {
        self.0.get_mut(&(user, listener)).is_some_and(|account| take(&mut account.came, from, until))
    }

    /// One between two moments may be left over.
    pub fn excuse(&mut self, user: u32, listener: u16, from: Moment, until: Moment) {
        if let Some(account) = self.0.get_mut(&(user, listener)) {
            account.excuses.push_back((from, until));
        }
    }

    /// Forgets what came before the send of everything that is open. What is left over without an excuse is added to
    /// `strays`, by listener.
    pub fn forget(&mut self, before: Moment, strays: &mut [Strays]) {
        self.0.retain(|(user, listener), account| {
            while let Some(at) = account.came.pop_front_if(|at| *at < before) {
                match account.excuses.iter().position(|(from, until)| *from <= at && at <= *until) {
                    Some(place) => _ = account.excuses.remove(place),
                    None => strays[usize::from(*listener)].add(at, *user),
                }
            }
            account.excuses.retain(|(_, until)| *until >= before);
            !account.came.is_empty() || !account.excuses.is_empty()
        });
    }
}

fn take(came: &mut VecDeque<Moment>, from: Moment, until: Moment) -> bool {
    let first = came.partition_point(|at| *at < from);
    let is_there = came.get(first).is_some_and(|at| *at <= until);
    if is_there {
        came.remove(first);
    }
    is_there
}
