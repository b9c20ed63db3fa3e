//! The delivery ledger: who must receive each action, and who did, in time, late, twice, out of order, or without being
//! meant. It knows no clock: it works through what users have told, in the order of the moments, up to a mark behind which
//! nothing more will be told. An action is settled, and forgotten, when its last deadline has passed.

mod away;
mod awaited;

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use super::absence::{Absences, Kind, Missed};
use super::audience::{Audiences, Roll};
use super::credit::Credits;
use super::delivery::{Audience, Key, Note, Owes, Rule, Sent, What};
use super::misdelivery::{Fault, Misdeliveries, Misdelivery};
use super::order::Orders;
use super::stray::Strays;
use crate::metrics::{Counter, Distribution, Recorder};
use crate::plan::delivery::{Order, Promise, To};
use crate::units::Moment;

#[derive(Debug, Default)]
pub struct Deliveries {
    rules: Vec<Rule>,
    /// Told, and not yet behind the mark.
    told: Vec<Note>,
    audiences: Audiences,
    /// Of users that may take up their lost sessions, or have done so lately.
    absences: Absences,
    open: HashMap<Key, Debt>,
    /// By rule, in the order of the sends: when each action is due to be settled.
    due: Vec<VecDeque<(Moment, Key)>>,
    /// When users left an audience, or were lost, while actions were open.
    departures: HashMap<u32, Vec<Departure>>,
    orders: Orders,
    /// By an action that was received too soon: those that it has overtaken somewhere.
    overtaken: HashMap<Key, Vec<Key>>,
    misdeliveries: Misdeliveries,
    /// Events without a key that no action has claimed yet.
    credits: Credits,
    /// By listener.
    unmatched: Vec<Strays>,
    /// Actions whose key was already that of an open one.
    clashes: u64,
    /// An action that was found to be awaited when that was asked last.
    awaited: Option<Key>,
}

/// An action, and who has received it so far.
#[derive(Debug)]
struct Debt {
    sent: Sent,
    at: Moment,
    /// Its audience at the moment of the send.
    roll: Roll,
    /// And when that was known.
    owes: Option<(Moment, Owes)>,
    place: Option<u64>,
    receipts: Vec<Receipt>,
    /// What has overtaken it, and who received the two in their order. Looked up when the first of the two is settled.
    overtaken_by: Vec<Overtaking>,
}

#[derive(Debug, Clone, Copy)]
struct Overtaking {
    later: Key,
    /// Until when the later one can be received; what comes after that is compared with nothing.
    until: Moment,
    /// Both were ok: the order of what was refused says nothing.
    owed: bool,
    /// A user that received the two in their order.
    other: Option<u32>,
}

#[derive(Debug, Clone, Copy)]
struct Receipt {
    user: u32,
    at: Moment,
    /// What the user had received before it and should have after it.
    overtaken_by: Option<Key>,
    /// The user was on the roll at the moment of the receipt, or on its way.
    inside: bool,
}

#[derive(Debug, Clone, Copy)]
struct Departure {
    /// `None`: all of them, as the connection was lost.
    audience: Option<Audience>,
    from: Moment,
    to: Moment,
}

/// How a user stands to a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Expected,
    /// Neither required nor forbidden, and counted apart.
    Ambiguous,
    /// Neither required nor forbidden: the actor, where the others are meant.
    Exempt,
    Outside,
}

impl Deliveries {
    /// A ledger for these rules, whose events so many listeners know. A rule's number is its place.
    #[must_use]
    pub fn new(rules: Vec<Rule>, listeners: usize) -> Self {
        let unmatched = vec![Strays::default(); listeners];
        Self { due: vec![VecDeque::new(); rules.len()], rules, unmatched, ..Self::default() }
    }

    /// Takes in what users have told, in any order.
    pub fn tell(&mut self, notes: &mut Vec<Note>) {
        self.told.append(notes);
    }

    /// Works through everything before `mark`. Nothing older may be told after it.
    pub fn advance(&mut self, mark: Moment, recorder: &mut Recorder) {
        self.work_through(mark);
        self.settle_due(mark, recorder);
        self.resolve_missed(mark, None, recorder);
        let horizon = self.open.values().map(|debt| debt.at).min().unwrap_or(mark).min(mark);
        let horizon = self.absences.first_return().map_or(horizon, |back| back.min(horizon));
        self.credits.forget(horizon, &mut self.unmatched);
        self.departures.retain(|_, list| {
            list.retain(|departure| departure.to >= horizon);
            !list.is_empty()
        });
    }

    fn work_through(&mut self, mark: Moment) {
        // Stable: what one user told at one moment stays in its order.
        self.told.sort_by_key(|note| note.at);
        let ready = self.told.partition_point(|note| note.at < mark);
        let rest = self.told.split_off(ready);
        for note in std::mem::replace(&mut self.told, rest) {
            self.take(note);
        }
    }

    /// The run has ended at `end`: everything is settled. What could still have come in time is not held against anybody.
    pub fn finish(&mut self, end: Moment, recorder: &mut Recorder) {
        self.work_through(Moment::NEVER);
        self.settle_due(end, recorder);
        let mut left: Vec<(Moment, Key)> = self.open.iter().map(|(key, debt)| (debt.at, *key)).collect();
        left.sort_unstable();
        for (_, key) in left {
            self.compare(key, Moment::NEVER);
            if let Some(debt) = self.open.remove(&key) {
                self.settle(&debt, end, recorder);
            }
        }
        self.resolve_missed(Moment::NEVER, Some(end), recorder);
        self.credits.forget(Moment::NEVER, &mut self.unmatched);
        self.departures.clear();
    }

    /// What has gone wrong since the last call.
    pub fn take_misdeliveries(&mut self) -> Misdeliveries {
        std::mem::take(&mut self.misdeliveries)
    }

    /// By listener: events that belong to nothing, so far.
    #[must_use]
    pub fn unmatched(&self) -> &[Strays] {
        &self.unmatched
    }

    /// Actions whose key was already that of an open one, so far: their deliveries cannot be told apart.
    #[must_use]
    pub const fn clashes(&self) -> u64 {
        self.clashes
    }

    fn take(&mut self, note: Note) {
        match note.what {
            What::Sent(sent) => self.sent(note.at, sent),
            What::Ended { key, sender, owes } => {
                // Another action with the same key is not followed, and what became of it says nothing about this one.
                let debt = self.open.get_mut(&key).filter(|debt| debt.sent.sender == sender && debt.owes.is_none());
                if let Some(debt) = debt {
                    debt.owes = Some((note.at, owes));
                }
            }
            What::Received { key, user, listener } => self.received(note.at, key, user, listener),
            What::Counted { user, listener } => self.credits.add(user, listener, note.at),
            What::Changing { user, audience } => {
                if self.audiences.is_member(user, audience) {
                    self.depart(user, Some(audience), note.at, note.at);
                }
                self.absences.book(&mut self.audiences, user).changing(user, audience);
            }
            What::Joined { user, audience } => self.absences.book(&mut self.audiences, user).joined(user, audience),
            What::Left { user, audience } => {
                self.depart(user, Some(audience), note.at, note.at);
                self.absences.book(&mut self.audiences, user).left(user, audience);
            }
            What::Away { user, since } => self.went_away(user, since, note.at),
            What::Recovered { user } => self.absences.back(user, note.at, &mut self.audiences),
            What::Lost { user, since } => {
                self.depart(user, None, since, note.at);
                self.audiences.lost(user);
                self.absences.lost(user, note.at);
            }
        }
    }

    fn sent(&mut self, at: Moment, sent: Sent) {
        if self.open.contains_key(&sent.key) {
            self.clashes += 1;
            return;
        }
        let promise = self.promise(&sent);
        let roll = match promise.to {
            To::Actor => Roll { members: Arc::new(vec![sent.sender]), ..Roll::default() },
            To::Members | To::Others => self.audiences.roll(sent.audience),
        };
        self.missed_by_the_absent(at, promise, &sent);
        self.orders.sent(promise.order, &sent);
        self.due[usize::from(sent.rule)].push_back((at + promise.within + promise.grace, sent.key));
        let receipts = Vec::with_capacity(roll.members.len());
        self.open
            .insert(sent.key, Debt { sent, at, roll, owes: None, place: None, receipts, overtaken_by: Vec::new() });
    }

    fn received(&mut self, at: Moment, key: Key, user: u32, listener: u16) {
        if self.absences.receive(user, key, at) {
            return;
        }
        let known = self.open.get_mut(&key).map(|debt| (self.rules[usize::from(debt.sent.rule)].promise, debt));
        let Some((promise, debt)) = known.filter(|(promise, debt)| at <= debt.at + promise.patience()) else {
            self.unmatched[usize::from(listener)].add(at, user);
            return;
        };
        let place = *debt.place.get_or_insert_with(|| self.orders.place(promise.order, &debt.sent, debt.at));
        let overtaken_by = self.orders.received(promise.order, &debt.sent, place, user);
        let on_roll = debt.roll.members.binary_search(&user).is_ok();
        let inside = on_roll || self.audiences.is_on(user, debt.sent.audience);
        debt.receipts.push(Receipt { user, at, overtaken_by, inside });
        if let Some(later) = overtaken_by {
            self.overtakes(later, key, at);
        }
    }

    /// An action has been received too soon before another.
    fn overtakes(&mut self, later: Key, earlier: Key, at: Moment) {
        let of = |debt: &Debt| debt.at + self.promise(&debt.sent).patience();
        let until = self.open.get(&later).map(of);
        let Some(until) = until.filter(|until| at <= *until) else { return };
        let debt = self.open.get_mut(&earlier);
        if let Some(debt) = debt.filter(|debt| debt.overtaken_by.iter().all(|known| known.later != later)) {
            debt.overtaken_by.push(Overtaking { later, until, owed: false, other: None });
            self.overtaken.entry(later).or_default().push(earlier);
        }
    }

    fn depart(&mut self, user: u32, audience: Option<Audience>, from: Moment, to: Moment) {
        if !self.open.is_empty() {
            self.departures.entry(user).or_default().push(Departure { audience, from, to });
        }
    }

    /// Settles what is due before `mark` and whose outcome is known. An outcome that is still open holds up only its own
    /// rule, and no longer than its deadline.
    fn settle_due(&mut self, mark: Moment, recorder: &mut Recorder) {
        for rule in 0..self.due.len() {
            while let Some((due, key)) = self.due[rule].front().copied().filter(|(due, _)| *due < mark) {
                if self.open.get(&key).is_some_and(|debt| debt.owes.is_none()) {
                    break;
                }
                self.due[rule].pop_front();
                self.compare(key, due);
                if let Some(debt) = self.open.remove(&key) {
                    self.settle(&debt, due, recorder);
                }
            }
        }
    }

    /// Before an action is settled: who received it and what has overtaken it, or what it has overtaken, in their order?
    fn compare(&mut self, key: Key, until: Moment) {
        let overtaken = self.overtaken.remove(&key).unwrap_or_default().into_iter().map(|earlier| (earlier, key));
        let by = self.open.get(&key).map(|debt| debt.overtaken_by.clone()).unwrap_or_default();
        let pairs: Vec<(Key, Key)> = overtaken.chain(by.into_iter().map(|by| (key, by.later))).collect();
        for (earlier, later) in pairs {
            let (Some(first), Some(second)) = (self.open.get(&earlier), self.open.get(&later)) else { continue };
            let until = until.min(first.at + self.promise(&first.sent).patience());
            let until = until.min(second.at + self.promise(&second.sent).patience());
            let owed = first.is_owed_by(until) && second.is_owed_by(until);
            let other = first.receipts.iter().find(|receipt| {
                let second = second.receipts.iter().filter(|other| other.user == receipt.user).map(|other| other.at);
                second.min().is_some_and(|at| receipt.at < at && at <= until)
            });
            let other = other.map(|receipt| receipt.user);
            let pair = self.open.get_mut(&earlier).map(|debt| &mut debt.overtaken_by).into_iter().flatten();
            for known in pair.filter(|known| known.later == later) {
                (known.owed, known.other) = (owed, other);
            }
        }
    }

    /// Counts what became of one action's deliveries, with everything that had come by `end`.
    fn settle(&mut self, debt: &Debt, end: Moment, recorder: &mut Recorder) {
        let promise = self.promise(&debt.sent);
        let mut receipts = debt.receipts.clone();
        receipts.sort_by_key(|receipt| (receipt.user, receipt.at));
        match debt.owes.map(|(_, owes)| owes) {
            Some(Owes::All) => self.settle_owed(debt, promise, &receipts, end, recorder),
            Some(Owes::Silence) => {
                for receipts in receipts.chunk_by(|a, b| a.user == b.user) {
                    recorder.count(debt.sent.cell, Counter::DeliveryLeaked);
                    self.example(Fault::Leaked, debt, receipts[0].user, Some(receipts[0].at), None);
                }
            }
            Some(Owes::Nothing) | None => {
                for user in debt.roll.members.iter().chain(&*debt.roll.changing) {
                    self.excuse(debt, promise, *user);
                }
            }
        }
        self.absences.settled(debt.sent.key, debt.owes.map(|(_, owes)| owes));
        self.orders.settled(promise.order, &debt.sent);
    }

    fn settle_owed(
        &mut self,
        debt: &Debt,
        promise: Promise,
        receipts: &[Receipt],
        end: Moment,
        recorder: &mut Recorder,
    ) {
        let cell = debt.sent.cell;
        let mut heard = Vec::with_capacity(receipts.len());
        for receipts in receipts.chunk_by(|a, b| a.user == b.user) {
            let first = receipts[0];
            heard.push(first.user);
            match self.standing(debt, promise, first.user, Some(first)) {
                Standing::Expected => self.count_received(debt, promise, first, recorder),
                Standing::Ambiguous => recorder.count(cell, Counter::DeliveryAmbiguous),
                Standing::Exempt => {}
                Standing::Outside => {
                    recorder.count(cell, Counter::DeliveryLeaked);
                    self.example(Fault::Leaked, debt, first.user, Some(first.at), None);
                }
            }
            for again in &receipts[1..] {
                recorder.count(cell, Counter::DeliveryDuplicate);
                self.example(Fault::Duplicate, debt, again.user, Some(again.at), None);
            }
        }
        let silent = |user: &&u32| heard.binary_search(user).is_err();
        let here = |user: &&u32| !self.absences.decides(**user, debt.sent.key);
        let members: Vec<u32> = debt.roll.members.iter().filter(silent).filter(here).copied().collect();
        let exempt = |user: &&u32| promise.to == To::Others && **user == debt.sent.sender;
        for user in debt.roll.changing.iter().filter(silent) {
            self.excuse(debt, promise, *user);
            recorder.count_many(cell, Counter::DeliveryAmbiguous, u64::from(!exempt(&user)));
        }
        for user in members {
            match self.standing(debt, promise, user, None) {
                // The run was over before it was late: nobody knows.
                Standing::Expected if end < debt.at + promise.within => {
                    recorder.count(cell, Counter::DeliveryAmbiguous);
                }
                Standing::Expected => {
                    recorder.count(cell, Counter::DeliveryExpected);
                    if self.is_credited(debt, promise, user) {
                        recorder.count(cell, Counter::DeliveryInTime);
                        continue;
                    }
                    recorder.count(cell, Counter::DeliveryMissing);
                    self.example(Fault::Missing, debt, user, None, None);
                }
                Standing::Ambiguous => {
                    self.excuse(debt, promise, user);
                    recorder.count(cell, Counter::DeliveryAmbiguous);
                }
                Standing::Exempt => self.excuse(debt, promise, user),
                Standing::Outside => {}
            }
        }
    }

    fn count_received(&mut self, debt: &Debt, promise: Promise, receipt: Receipt, recorder: &mut Recorder) {
        let (cell, latency) = (debt.sent.cell, receipt.at.since(debt.at));
        recorder.count(cell, Counter::DeliveryExpected);
        recorder.record(cell, Distribution::DeliveryLatency, latency);
        if latency > promise.within {
            recorder.count(cell, Counter::DeliveryLate);
            self.example(Fault::Late, debt, receipt.user, Some(receipt.at), None);
        } else {
            recorder.count(cell, Counter::DeliveryInTime);
        }
        let by = debt.overtaken_by.iter().find(|by| Some(by.later) == receipt.overtaken_by && receipt.at <= by.until);
        if let Some(by) = by.filter(|by| by.owed && (by.other.is_some() || promise.order == Order::PerSender)) {
            recorder.count(cell, Counter::DeliveryOutOfOrder);
            self.example(Fault::OutOfOrder, debt, receipt.user, Some(receipt.at), None);
            if by.other.is_some() {
                recorder.count(cell, Counter::DeliveryDisagreement);
                self.example(Fault::Disagreement, debt, receipt.user, Some(receipt.at), by.other);
            }
        }
    }

    fn promise(&self, sent: &Sent) -> Promise {
        self.rules[usize::from(sent.rule)].promise
    }

    /// Has the user an event to show that carries no key, that came while this action could be received, and that no other
    /// action has claimed?
    fn is_credited(&mut self, debt: &Debt, promise: Promise, user: u32) -> bool {
        let listener = self.rules[usize::from(debt.sent.rule)].counted_by;
        listener.is_some_and(|listener| self.credits.claim(user, listener, debt.at, debt.at + promise.patience()))
    }

    /// The user may have received it or not. It claims nothing that another action could need.
    fn excuse(&mut self, debt: &Debt, promise: Promise, user: u32) {
        if let Some(listener) = self.rules[usize::from(debt.sent.rule)].counted_by {
            self.credits.excuse(user, listener, debt.at, debt.at + promise.patience());
        }
    }

    fn standing(&self, debt: &Debt, promise: Promise, user: u32, receipt: Option<Receipt>) -> Standing {
        if user == debt.sent.sender && promise.to == To::Others {
            return Standing::Exempt;
        }
        if debt.roll.changing.binary_search(&user).is_ok() {
            return Standing::Ambiguous;
        }
        if debt.roll.members.binary_search(&user).is_err() {
            return if receipt.is_some_and(|receipt| receipt.inside) { Standing::Ambiguous } else { Standing::Outside };
        }
        let hears_until = if receipt.is_some() { debt.at } else { debt.at + promise.within };
        let departed = self.departures.get(&user).is_some_and(|departures| {
            departures.iter().any(|departure| departure.concerns(debt.sent.audience, promise.to, debt.at, hears_until))
        });
        if departed { Standing::Ambiguous } else { Standing::Expected }
    }

    fn example(&mut self, fault: Fault, debt: &Debt, user: u32, at: Option<Moment>, other: Option<u32>) {
        self.example_of(fault, &debt.sent, debt.at, user, at, other);
    }

    fn example_of(
        &mut self,
        fault: Fault,
        action: &Sent,
        sent: Moment,
        user: u32,
        at: Option<Moment>,
        other: Option<u32>,
    ) {
        let Sent { sender, number, subject, cell, rule, .. } = *action;
        self.misdeliveries.add(Misdelivery { fault, cell, rule, sender, number, subject, sent, user, at, other });
    }
}

impl Debt {
    /// Was it known to be ok, and to owe deliveries, by that moment?
    fn is_owed_by(&self, moment: Moment) -> bool {
        self.owes.is_some_and(|(known, owes)| known <= moment && owes == Owes::All)
    }
}

impl Departure {
    /// Was the user leaving that audience between two moments?
    fn concerns(&self, audience: Audience, to: To, from: Moment, until: Moment) -> bool {
        let same = self.audience.is_none_or(|left| left == audience && to != To::Actor);
        same && self.from <= until && self.to >= from
    }
}

#[cfg(test)]
mod tests;
