//! `rotate`: at step N user i takes resource (i + s(N)) mod R, where s(N) is N, or in balanced order a zigzag.

use super::{Order, Pattern, Setting, Takes, balanced};

pub const PATTERN: Pattern = Pattern {
    name: "rotate",
    about: "at step N user i takes resource (i + N) mod R",
    takes: Takes::Shifted { moved, period, even: |setting| setting.order == Order::Sequential },
    collides: |setting| setting.contenders > 1 && setting.users > 1,
    fixed_resource: false,
    caution: None,
};

const fn moved(cohort: u64, step: u64, setting: &Setting) -> u64 {
    match setting.order {
        Order::Sequential => step % setting.resources,
        Order::Balanced => balanced::moved(cohort, step, setting),
    }
}

const fn period(setting: &Setting) -> u64 {
    match setting.order {
        Order::Sequential => setting.resources,
        Order::Balanced => balanced::period(setting),
    }
}
