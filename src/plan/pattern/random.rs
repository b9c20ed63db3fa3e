//! `random`: at every step each user takes a resource at random, drawn evenly.

use super::{Pattern, Takes, drawn};

pub const PATTERN: Pattern = Pattern {
    name: "random",
    about: "at every step each user takes any resource, drawn anew",
    takes: Takes::Drawn(|user, step, setting| drawn::below(drawn::hash(user, step, setting), setting.resources)),
    collides: |_| true,
    fixed_resource: false,
    caution: Some("random makes users collide on resources: a cooldown rejects some, by design"),
};
