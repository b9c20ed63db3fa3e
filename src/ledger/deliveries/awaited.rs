//! What is still on its way: whether anything can yet come that somebody must receive.

use std::collections::HashMap;

use super::{Debt, Deliveries, Receipt, Standing};
use crate::ledger::delivery::{Key, Owes};
use crate::units::Moment;

/// What open actions will claim of one user and listener.
#[derive(Default)]
struct Claims {
    /// From when to when, each.
    times: Vec<(Moment, Moment)>,
    /// Is any of them owed for sure?
    owed: bool,
}

impl Deliveries {
    /// Can anything that is told after `mark` still change what becomes of a delivery that is owed? Everything before the
    /// mark has been worked through. Not so of what nobody owes: a duplicate, or what leaks.
    pub fn awaits(&mut self, mark: Moment) -> bool {
        if !self.told.is_empty() {
            return true;
        }
        // Whatever was awaited last is most likely to be awaited still.
        let known = self.awaited.and_then(|key| self.open.get(&key));
        if known.is_some_and(|debt| self.is_awaited(debt, mark)) {
            return true;
        }
        let awaited = self.open.iter().find(|(_, debt)| self.is_awaited(debt, mark)).map(|(key, _): (&Key, _)| *key);
        self.awaited = awaited;
        self.awaited.is_some() || self.lacks_credits() || self.awaits_missed(mark)
    }

    fn is_awaited(&self, debt: &Debt, mark: Moment) -> bool {
        match debt.owes {
            None => true,
            Some((_, Owes::Silence | Owes::Nothing)) => false,
            // A receipt that is only counted says nothing of when: who leaves before the deadline would be ambiguous.
            Some((_, Owes::All)) if self.is_counted(debt) => {
                let has_time = mark <= debt.at + self.promise(&debt.sent).within;
                has_time && debt.roll.members.iter().any(|user| self.must_hear(debt, *user))
            }
            Some((_, Owes::All)) => {
                let mut heard: Vec<u32> = debt.receipts.iter().map(|receipt| receipt.user).collect();
                heard.sort_unstable();
                let mut silent = debt.roll.members.iter().filter(|user| heard.binary_search(user).is_err());
                silent.any(|user| self.must_hear(debt, *user))
            }
        }
    }

    /// Would a receipt of this member count in time or late, and can there be one? Who has left the audience since the send
    /// may still be told; who has lost its connection and is not back will not.
    fn must_hear(&self, debt: &Debt, user: u32) -> bool {
        if self.absences.decides(user, debt.sent.key) {
            return false;
        }
        let receipt = Receipt { user, at: debt.at, overtaken_by: None, inside: true };
        let standing = self.standing(debt, self.promise(&debt.sent), user, Some(receipt));
        let lost = self.departures.get(&user).is_some_and(|departures| {
            departures.iter().any(|departure| departure.audience.is_none() && departure.to >= debt.at)
        });
        standing == Standing::Expected && (!lost || self.audiences.knows(user))
    }

    fn is_counted(&self, debt: &Debt) -> bool {
        self.rules[usize::from(debt.sent.rule)].counted_by.is_some()
    }

    /// Of events without a key: does any user lack one that an open action of its will claim?
    fn lacks_credits(&self) -> bool {
        let mut claims: HashMap<(u32, u16), Claims> = HashMap::new();
        for debt in self.open.values().filter(|debt| debt.owes.is_some_and(|(_, owes)| owes == Owes::All)) {
            let Some(listener) = self.rules[usize::from(debt.sent.rule)].counted_by else { continue };
            let until = debt.at + self.promise(&debt.sent).patience();
            for user in debt.roll.members.iter() {
                let claims = claims.entry((*user, listener)).or_default();
                claims.times.push((debt.at, until));
                claims.owed |= self.must_hear(debt, *user);
            }
        }
        claims.iter_mut().any(|((user, listener), Claims { times, owed })| {
            // In the order in which they are settled.
            times.sort_unstable_by_key(|(from, until)| (*until, *from));
            *owed && !self.credits.suffice(*user, *listener, times)
        })
    }
}
