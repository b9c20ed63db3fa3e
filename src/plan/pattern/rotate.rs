//! `rotate`: user i takes resource (i + N) mod R at step N. With more users than resources the cohort `floor(i / R)` acts
//! at its own part of the step; users are spread over their part so that they do not act all at the tick.

use super::{Gaps, Pattern, Size, fraction};
use crate::units::Duration;

pub const PATTERN: Pattern = Pattern {
    name: "rotate",
    about: "at step N user i takes resource (i + N) mod R",
    resource: |user, number, size| (user % size.resources + number % size.resources) % size.resources,
    phase,
    gaps,
    fixed_resource: false,
    caution: None,
};

/// Spreading costs a part of the resource gap where every resource is taken; below this it is not worth it.
const SPREAD_FROM_USERS: u64 = 10;

const fn spreads(size: Size) -> bool {
    size.users < size.resources || size.users >= SPREAD_FROM_USERS
}

fn phase(user: u64, size: Size, step: Duration) -> Duration {
    let cohorts = size.cohorts();
    let cohort = fraction(step, user / size.resources, cohorts);
    if !spreads(size) {
        cohort
    } else if size.users < size.resources {
        // Backwards: the next on a resource is the user before, which raises the smallest gap.
        fraction(step, size.users - 1 - user, size.users)
    } else {
        cohort + fraction(step, user % size.resources, cohorts * size.resources)
    }
}

fn gaps(size: Size) -> Gaps {
    let (users, resources, cohorts) = (size.users as f64, size.resources as f64, size.cohorts() as f64);
    let last_cohort = size.users - (size.cohorts() - 1) * size.resources;
    let resource = if size.users == 1 {
        resources
    } else if size.users < size.resources {
        1.0 + 1.0 / users
    } else if !spreads(size) || last_cohort == 1 {
        1.0 / cohorts
    } else {
        // From the last cohort to the first one of the next step, whose user there is one place earlier.
        1.0 / cohorts - 1.0 / (cohorts * resources)
    };
    Gaps { resource, collides: false, user: 1.0, user_resource: resources }
}
