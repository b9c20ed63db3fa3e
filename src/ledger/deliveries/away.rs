//! Deliveries to users that were away, and are told what they have missed when they are back.

use super::{Deliveries, Fault, Kind, Missed, Standing};
use crate::ledger::delivery::{Owes, Sent};
use crate::metrics::{Counter, Distribution, Recorder};
use crate::plan::delivery::{Promise, To};
use crate::units::Moment;

impl Deliveries {
    /// A user has lost its connection, silent since then, and may take up its session.
    pub(super) fn went_away(&mut self, user: u32, since: Moment, at: Moment) {
        let caught: Vec<Missed> = self.on_their_way(user, since, at);
        self.depart(user, None, since, at);
        self.absences.leave(user, at, caught, &mut self.audiences);
    }

    /// What the user is owed, has not received, and could have received after that moment.
    fn on_their_way(&self, user: u32, since: Moment, at: Moment) -> Vec<Missed> {
        let mut caught = Vec::new();
        for (rule, due) in self.rules.iter().zip(&self.due) {
            let late = |due: Moment| due.since(Moment::START) >= since.since(Moment::START) + rule.promise.grace;
            let recent = due.iter().rev().take_while(|(due, _)| late(*due)).filter(|(due, _)| at <= *due);
            for debt in recent.filter_map(|(_, key)| self.open.get(key)) {
                let is_member = debt.roll.members.binary_search(&user).is_ok();
                let has_heard = debt.receipts.iter().any(|receipt| receipt.user == user);
                if is_member && !has_heard && self.standing(debt, rule.promise, user, None) == Standing::Expected {
                    let kind = if rule.counted_by.is_some() { Kind::Excused } else { Kind::Open };
                    caught.push(Missed::new(debt.sent, debt.at, rule.promise, kind));
                }
            }
        }
        caught
    }

    /// An action is sent while members are away.
    pub(super) fn missed_by_the_absent(&mut self, at: Moment, promise: Promise, sent: &Sent) {
        if promise.to == To::Actor {
            return;
        }
        let roll = self.absences.roll(sent.audience);
        for (users, kind) in [(&roll.members, Kind::Sent), (&roll.changing, Kind::Unsure)] {
            for user in users.iter().filter(|user| promise.to != To::Others || **user != sent.sender) {
                self.absences.miss(*user, Missed::new(*sent, at, promise, kind));
            }
        }
    }

    /// Counts what is decided before `mark`, with what had come by the end if the run is over.
    pub(super) fn resolve_missed(&mut self, mark: Moment, end: Option<Moment>, recorder: &mut Recorder) {
        for (user, missed) in self.absences.take_decided(mark, end.is_some()) {
            match missed.owes.flatten() {
                Some(Owes::All) => self.resolve_owed(user, &missed, end, recorder),
                Some(Owes::Silence) if !missed.came.is_empty() => {
                    recorder.count(missed.sent.cell, Counter::DeliveryLeaked);
                    self.missed_example(Fault::Leaked, &missed, user, missed.came.first().copied());
                }
                _ => {}
            }
        }
    }

    fn resolve_owed(&mut self, user: u32, missed: &Missed, end: Option<Moment>, recorder: &mut Recorder) {
        let cell = missed.sent.cell;
        let again = missed.came.get(1..).unwrap_or_default();
        for at in again {
            recorder.count(cell, Counter::DeliveryDuplicate);
            self.missed_example(Fault::Duplicate, missed, user, Some(*at));
        }
        // Who never came back was told nothing of what was sent meanwhile, and nobody knows what of the rest it had heard.
        let Some(from) = missed.from else {
            return recorder.count_many(cell, Counter::DeliveryAmbiguous, u64::from(missed.kind == Kind::Open));
        };
        let counted_by = self.rules[usize::from(missed.sent.rule)].counted_by;
        let until = from + missed.promise.patience();
        if let (Kind::Excused | Kind::Unsure, Some(listener)) = (missed.kind, counted_by) {
            self.credits.excuse(user, listener, from, until);
        }
        match missed.kind {
            Kind::Excused => {}
            Kind::Unsure => recorder.count(cell, Counter::DeliveryAmbiguous),
            _ if missed.is_lost => recorder.count(cell, Counter::DeliveryAmbiguous),
            Kind::Open | Kind::Sent => {
                let claimed = counted_by.is_some_and(|listener| self.credits.claim(user, listener, from, until));
                let is_over = end.is_some_and(|end| end < from + missed.promise.within);
                match missed.came.first() {
                    Some(at) => self.count_replayed(user, missed, *at, from, recorder),
                    None if claimed => {
                        recorder.count(cell, Counter::DeliveryExpected);
                        recorder.count(cell, Counter::DeliveryInTime);
                    }
                    None if is_over => recorder.count(cell, Counter::DeliveryAmbiguous),
                    None => {
                        recorder.count(cell, Counter::DeliveryExpected);
                        recorder.count(cell, Counter::DeliveryMissing);
                        self.missed_example(Fault::Missing, missed, user, None);
                    }
                }
            }
        }
    }

    /// Its clock began when the user was back.
    fn count_replayed(&mut self, user: u32, missed: &Missed, at: Moment, from: Moment, recorder: &mut Recorder) {
        let (cell, latency) = (missed.sent.cell, at.since(from.max(missed.at)));
        recorder.count(cell, Counter::DeliveryExpected);
        recorder.record(cell, Distribution::DeliveryLatency, latency);
        if latency > missed.promise.within {
            recorder.count(cell, Counter::DeliveryLate);
            self.missed_example(Fault::Late, missed, user, Some(at));
        } else {
            recorder.count(cell, Counter::DeliveryInTime);
        }
    }

    fn missed_example(&mut self, fault: Fault, missed: &Missed, user: u32, at: Option<Moment>) {
        self.example_of(fault, &missed.sent, missed.at, user, at, None);
    }

    /// Is anything still to come that a user was to be told when it came back?
    pub(super) fn awaits_missed(&self, mark: Moment) -> bool {
        self.absences.all().any(|(_, missed)| {
            let open = || self.open.get(&missed.sent.key).and_then(|debt| debt.owes).map(|(_, owes)| owes);
            let owes = missed.owes.unwrap_or_else(open);
            let is_owed = owes.is_none_or(|owes| owes == Owes::All) && matches!(missed.kind, Kind::Open | Kind::Sent);
            let has_time = missed.deadline().is_some_and(|deadline| mark <= deadline);
            is_owed && has_time && !missed.is_lost && missed.came.is_empty()
        })
    }
}
