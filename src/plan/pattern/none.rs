//! `none`: a scenario that acts in its own rhythm, outside the rotation.

use super::{Pattern, Takes};

pub const PATTERN: Pattern = Pattern {
    name: "none",
    about: "outside the rotation: no `resource` is bound, and no cooldown is held against it",
    takes: Takes::Nothing,
    collides: |_| false,
    fixed_resource: false,
    caution: None,
};
