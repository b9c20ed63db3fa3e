//! Randomness of patterns: a hash of seed, user and step, so that the order in which users run never matters.

use super::Setting;
use crate::plan::language::functions::mix;

/// 64 random bits of this user at this step.
pub fn hash(user: u64, step: u64, setting: &Setting) -> u64 {
    mix(mix(setting.seed ^ mix(user)) ^ mix(step))
}

/// A number below `bound` from random bits, evenly.
pub const fn below(hash: u64, bound: u64) -> u64 {
    ((hash as u128 * bound as u128) >> 64) as u64
}
