//! `burst`: everybody takes resource N mod R at the tick of step N, on purpose.

use super::{Gaps, Pattern};
use crate::units::Duration;

pub const PATTERN: Pattern = Pattern {
    name: "burst",
    about: "at step N everybody takes resource N mod R at once",
    resource: |_, number, size| number % size.resources,
    phase: |_, _, _| Duration::ZERO,
    gaps: |size| Gaps {
        resource: size.resources as f64,
        collides: size.users > 1,
        user: 1.0,
        user_resource: size.resources as f64,
    },
    fixed_resource: false,
    caution: Some("burst sends everybody to one resource at once: a cooldown rejects all but one, by design"),
};
