//! A pattern as a suite chooses it: a word, or a map with exactly one key, `{ rotate: { order: balanced } }`.

use super::{Order, PATTERNS, Pattern, Setting, Takes, find};
use crate::plan::critic::Critic;
use crate::suite::problem::Path;
use crate::suite::schema;
use crate::units::Percent;

/// A pattern and what the suite says of it. The sizes come later.
#[derive(Debug, Clone, Copy)]
pub struct Choice {
    pub pattern: &'static Pattern,
    pub order: Order,
    pub contenders: u64,
    /// `None`: where it costs little.
    pub spread: Option<bool>,
    pub share: Percent,
    pub on: Percent,
}

/// Spreading costs a part of the resource gap where every resource is taken; with fewer users it is not worth it.
const SPREAD_FROM_USERS: u64 = 10;

impl Default for Choice {
    fn default() -> Self {
        let (share, on) = (Percent(0.8), Percent(0.2));
        Self { pattern: &PATTERNS[0], order: Order::Sequential, contenders: 1, spread: None, share, on }
    }
}

impl Choice {
    /// Of a scenario outside the rotation.
    #[must_use]
    pub fn none() -> Self {
        Self { pattern: find("none").unwrap_or(&PATTERNS[0]), ..Self::default() }
    }

    /// What stands at `path`; the default where nothing does.
    #[must_use]
    pub fn of(written: Option<&schema::Pattern>, path: &Path, critic: &Critic<'_>) -> Self {
        let default = Self::default();
        let named = |name: &str| Self { pattern: find(name).unwrap_or(default.pattern), ..default };
        let settings = match written {
            None => return default,
            Some(schema::Pattern::Name(name)) => return named(name),
            Some(schema::Pattern::Settings(settings)) => settings,
        };
        match (&settings.rotate, &settings.hotspot) {
            (Some(rotate), None) => {
                let contenders = rotate.contenders.map_or(1, |count| count.0);
                if contenders == 0 {
                    let path = path.key("rotate").key("contenders");
                    critic.error(&path, "nobody would take a resource", "write a number above 0");
                }
                let is_balanced = rotate.order.as_deref() == Some("balanced");
                Self {
                    order: if is_balanced { Order::Balanced } else { Order::Sequential },
                    contenders: contenders.max(1),
                    spread: rotate.spread.map(|spread| spread.0),
                    ..named("rotate")
                }
            }
            (None, Some(hotspot)) => Self {
                share: hotspot.share.unwrap_or(default.share),
                on: hotspot.on.unwrap_or(default.on),
                ..named("hotspot")
            },
            (both, _) => {
                let (what, help) = match both {
                    Some(_) => ("a pattern is one of them, not two", "keep one key"),
                    None => ("the pattern has no name", "write for instance `{ rotate: { order: balanced } }`"),
                };
                critic.error(path, what, help);
                default
            }
        }
    }

    /// Does the scenario act on resources at all?
    #[must_use]
    pub const fn is_on_resources(&self) -> bool {
        !matches!(self.pattern.takes, Takes::Nothing)
    }

    /// Do both choose the same?
    #[must_use]
    pub fn is_as(&self, other: &Self) -> bool {
        let key = |choice: &Self| (choice.pattern.name, choice.order, choice.contenders, choice.spread);
        key(self) == key(other) && self.share == other.share && self.on == other.on
    }

    /// Resolved for so many users and resources.
    #[must_use]
    pub fn setting(&self, users: u64, resources: u64, seed: u64) -> Setting {
        let (users, resources) = (users.max(1), resources.max(1));
        let is_worth_it = users < resources || users >= SPREAD_FROM_USERS;
        let plain = self.order == Order::Sequential && self.contenders == 1;
        let rotates = self.pattern.name == PATTERNS[0].name;
        Setting {
            users,
            resources,
            order: self.order,
            // Everybody at once is a rotation of one group.
            contenders: if self.pattern.name == "burst" { users } else { self.contenders },
            spread: rotates && self.spread.unwrap_or(plain && is_worth_it),
            shift: false,
            share: self.share,
            on: self.on,
            seed,
        }
    }
}
