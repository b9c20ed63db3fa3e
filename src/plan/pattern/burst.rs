//! `burst`: everybody takes resource N mod R at the tick of step N, on purpose: a rotation of one group.

use super::{Pattern, Takes};

pub const PATTERN: Pattern = Pattern {
    name: "burst",
    about: "at step N everybody takes resource N mod R at once",
    takes: Takes::Shifted {
        moved: |_, step, setting| step % setting.resources,
        period: |setting| setting.resources,
        even: |_| true,
    },
    collides: |setting| setting.users > 1,
    fixed_resource: false,
    caution: Some("burst sends everybody to one resource at once: a cooldown rejects all but one, by design"),
};
