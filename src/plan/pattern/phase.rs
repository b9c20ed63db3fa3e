//! When inside a step a user acts, as a whole number of parts of the step: exact, whatever the step.
//!
//! With more groups than resources, cohort c = floor(g / R) begins at c/K of the step. Spread moves every user a little: with
//! fewer groups than resources by (U−1−g)/U, backwards, since the next on a resource is the user before, which raises the
//! smallest gap; else by (g mod R)/(K·R), which costs that part of the gap on a resource.

use super::Setting;

/// Into how many parts a step is divided.
#[must_use]
pub const fn parts(setting: &Setting) -> u64 {
    if !setting.spread {
        setting.cohorts()
    } else if setting.groups() < setting.resources {
        setting.groups()
    } else {
        setting.cohorts() * setting.resources
    }
}

/// How many parts of the step have passed when the user acts.
#[must_use]
pub const fn phase(user: u64, setting: &Setting) -> u64 {
    let group = user / setting.contenders;
    if !setting.spread {
        group / setting.resources
    } else if setting.groups() < setting.resources {
        setting.groups() - 1 - group
    } else {
        // c·R + (g mod R).
        group
    }
}
