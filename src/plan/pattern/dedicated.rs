//! `dedicated`: user i always takes resource i mod R.

use super::{Pattern, Takes};

pub const PATTERN: Pattern = Pattern {
    name: "dedicated",
    about: "user i always takes resource i mod R",
    takes: Takes::Shifted { moved: |_, _, _| 0, period: |_| 1, even: |_| false },
    collides: |_| false,
    fixed_resource: true,
    caution: Some(
        "dedicated gives every user a resource of its own: no contention, and a server that merges repeats sends few events",
    ),
};
