//! Who visits which resource when: everything that the proof and the contention need to know of a rotation. Times are whole
//! parts of the base step, so that nothing is rounded; users, cohorts and phases are those of the peak.

use super::pattern::{Pattern, Setting, Takes, phase};

/// A scenario's users in a rotation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Party {
    pub users: u64,
    /// `user.index` of its first user.
    pub first_user: u64,
    /// How many base steps a turn takes; at least 1.
    pub stride: u64,
}

/// A rotation: all scenarios that act on the resources together, numbered on in the order of the file.
#[derive(Debug, Clone)]
pub struct Visits {
    pub pattern: &'static Pattern,
    pub setting: Setting,
    /// Their users add up to those of the setting.
    pub parties: Vec<Party>,
    /// Number of credentials rows, where users share them.
    pub rows: Option<u64>,
}

impl Visits {
    /// Into how many parts a base step is divided.
    #[must_use]
    pub const fn parts(&self) -> u64 {
        phase::parts(&self.setting)
    }

    /// When a user acts at a step, in parts since the start.
    #[must_use]
    pub const fn moment(&self, user: u64, step: u64) -> u64 {
        step * self.parts() + phase::phase(user, &self.setting)
    }

    /// The party of a user, and the number of the party's first user in the rotation.
    fn party(&self, user: u64) -> (Party, u64) {
        let mut first = 0;
        for party in &self.parties {
            if user < first + party.users {
                return (*party, first);
            }
            first += party.users;
        }
        (Party { users: 0, first_user: 0, stride: 1 }, first)
    }

    /// How many base steps a turn of the user takes.
    #[must_use]
    pub fn stride(&self, user: u64) -> u64 {
        self.party(user).0.stride
    }

    /// Who the server takes the user for: its row of the credentials.
    #[must_use]
    pub fn row(&self, user: u64) -> u64 {
        let (party, first) = self.party(user);
        let index = party.first_user + user - first;
        self.rows.map_or(index, |rows| index % rows)
    }

    /// After how many steps the turns of all parties fall together again.
    #[must_use]
    pub fn alternation(&self) -> u64 {
        self.parties.iter().map(|party| party.stride).fold(1, least_common_multiple)
    }

    /// Does every user act at every step?
    #[must_use]
    pub fn is_in_step(&self) -> bool {
        self.parties.iter().all(|party| party.stride == 1)
    }

    /// After how many steps everything begins anew; `None` for what is drawn.
    #[must_use]
    pub fn period(&self) -> Option<u64> {
        let Takes::Shifted { period, .. } = self.pattern.takes else { return None };
        let cycles = if self.setting.shift { self.setting.resources } else { 1 };
        Some(least_common_multiple(period(&self.setting).saturating_mul(cycles), self.alternation()))
    }

    /// Resources that stand for all others: what these see, all see, only later.
    #[must_use]
    pub fn representatives(&self) -> u64 {
        match self.pattern.takes {
            Takes::Shifted { even, .. } if even(&self.setting) => {
                greatest_common_divisor(self.alternation(), self.setting.resources)
            }
            _ => self.setting.resources,
        }
    }

    /// Calls `visit` with every user that is on a resource at a step, in the order in which they act. For what is drawn
    /// that takes a look at every user.
    pub fn on(&self, resource: u64, step: u64, mut visit: impl FnMut(u64)) {
        let Setting { users, resources, contenders, .. } = self.setting;
        let in_step = self.is_in_step();
        let mut act = |user: u64| {
            if in_step || step.is_multiple_of(self.stride(user)) {
                visit(user);
            }
        };
        match self.pattern.takes {
            Takes::Nothing => {}
            Takes::Drawn(takes) => {
                (0..users).filter(|user| takes(*user, step, &self.setting) == resource).for_each(act);
            }
            Takes::Shifted { moved, .. } => {
                for cohort in 0..self.setting.cohorts() {
                    let place = (resource + resources - moved(cohort, step, &self.setting)) % resources;
                    let first = (cohort * resources + place).saturating_mul(contenders);
                    (first.min(users)..first.saturating_add(contenders).min(users)).for_each(&mut act);
                }
            }
        }
    }

    /// How many turns all users have in so many steps.
    #[must_use]
    pub fn turns(&self, steps: u64) -> u64 {
        let turns = |party: &Party| party.users.saturating_mul(steps.div_ceil(party.stride));
        self.parties.iter().map(turns).fold(0, u64::saturating_add)
    }
}

/// Of two numbers above 0.
#[must_use]
pub const fn greatest_common_divisor(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}

/// Of two numbers above 0; where it is too large, the largest number there is.
#[must_use]
pub const fn least_common_multiple(a: u64, b: u64) -> u64 {
    (a / greatest_common_divisor(a, b)).saturating_mul(b)
}
