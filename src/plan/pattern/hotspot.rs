//! `hotspot`: as `random`, but a part of the resources (the first ones) gets more than its share.

use super::{Pattern, Setting, Takes, drawn};

pub const PATTERN: Pattern = Pattern {
    name: "hotspot",
    about: "as `random`, but `share` of what users do goes to the part `on` of the resources",
    takes: Takes::Drawn(resource),
    collides: |_| true,
    fixed_resource: false,
    caution: Some("hotspot makes users collide on the hot resources: a cooldown rejects some, by design"),
};

fn resource(user: u64, step: u64, setting: &Setting) -> u64 {
    let hash = drawn::hash(user, step, setting);
    let (hot, all) = (setting.hot(), setting.resources);
    // Two numbers of one hash: whether it is hot, and which of them.
    let is_hot = ((hash >> 32) as f64) < setting.share.0 * (1_u64 << 32) as f64;
    let which = drawn::below(hash << 32, if is_hot || hot == all { hot } else { all - hot });
    if is_hot || hot == all { which } else { hot + which }
}
