//! The balanced order of `rotate`: s(N) goes 0, 1, −1, 2, −2, … and begins anew after R steps. The differences of neighbours
//! are all distinct, so that over a cycle every user follows every other one once on some resource: a row-complete Latin
//! square (Williams 1949). That is so for even R; for odd R a cycle and its mirror image take turns.

use super::Setting;

/// By how much a cohort has moved at a step.
#[must_use]
pub const fn moved(cohort: u64, step: u64, setting: &Setting) -> u64 {
    let resources = setting.resources;
    let (cycle, place) = (step / resources, step % resources);
    let zigzag = if is_mirrored(cycle, resources) {
        negated(zigzag(place, resources), resources)
    } else {
        zigzag(place, resources)
    };
    if setting.shift { (zigzag + (cohort % resources) * (cycle % resources)) % resources } else { zigzag }
}

/// After how many steps it begins anew, shifts of cohorts apart.
#[must_use]
pub const fn period(setting: &Setting) -> u64 {
    if setting.resources % 2 == 1 && setting.resources > 1 { 2 * setting.resources } else { setting.resources }
}

/// The step inside a cycle at which the zigzag is there.
#[must_use]
pub const fn place(cycle: u64, moved: u64, resources: u64) -> u64 {
    let moved = if is_mirrored(cycle, resources) { negated(moved, resources) } else { moved };
    if moved == 0 {
        0
    } else if moved <= resources / 2 {
        2 * moved - 1
    } else {
        2 * (resources - moved)
    }
}

const fn is_mirrored(cycle: u64, resources: u64) -> bool {
    resources % 2 == 1 && cycle % 2 == 1
}

const fn zigzag(place: u64, resources: u64) -> u64 {
    let half = place.div_ceil(2);
    if place % 2 == 1 { half % resources } else { negated(half, resources) }
}

const fn negated(moved: u64, resources: u64) -> u64 {
    (resources - moved) % resources
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn place_undoes_the_zigzag() {
        for resources in 1..40 {
            let setting = Setting { resources, ..Setting::for_tests(1, 1) };
            for step in 0..2 * resources {
                let at = place(step / resources, moved(0, step, &setting), resources);
                assert_eq!(at, step % resources, "step {step} of {resources}");
            }
        }
    }
}
