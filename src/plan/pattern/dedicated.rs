//! `dedicated`: user i always takes resource i mod R.

use super::{Gaps, Pattern, fraction};

pub const PATTERN: Pattern = Pattern {
    name: "dedicated",
    about: "user i always takes resource i mod R",
    resource: |user, _, size| user % size.resources,
    phase: |user, size, step| fraction(step, user / size.resources, size.cohorts()),
    gaps: |size| Gaps { resource: 1.0 / size.cohorts() as f64, collides: false, user: 1.0, user_resource: 1.0 },
    fixed_resource: true,
    caution: Some(
        "dedicated gives every user a resource of its own: no contention, and a server that merges repeats sends few events",
    ),
};
