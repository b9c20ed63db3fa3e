//! What actions promise their audiences, and how users know an event as the delivery of one.

use super::language::{Expression, Text};
use super::scenario::Joining;
use crate::units::Duration;

/// What an action promises its audience.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Promise {
    pub to: To,
    /// Received by then, counted from the send, is in time.
    pub within: Duration,
    /// So much later it is late, and after that missing.
    pub grace: Duration,
    pub order: Order,
}

/// Who must receive it, among the members of its audience at the moment of the send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum To {
    /// All of them.
    Members,
    /// All but the actor, whose own receipt is neither required nor forbidden.
    Others,
    /// The actor alone.
    Actor,
}

/// In which order users must receive the actions on one resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    Any,
    /// Those of one sender in the order in which they were sent.
    PerSender,
    /// All of them in the same order: that of the first receipt by anyone.
    PerResource,
}

/// Whose members an action is meant for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Addressees {
    /// Everybody who is connected and set up.
    Everyone,
    /// The members of what the action is about.
    Subject,
    /// The actor's group.
    Group,
    /// The actor alone.
    Actor,
}

/// Who becomes a member of what, or ceases to be.
#[derive(Debug, Default)]
pub struct Membership {
    pub joins: Vec<Text>,
    pub leaves: Vec<Text>,
    /// So long after the step's success it is so for sure.
    pub settle: Duration,
}

/// The `delivery` of an action. Its number among those of the plan is its rule.
#[derive(Debug)]
pub struct Delivery {
    /// Number of the scenario, and of the action in it.
    pub scenario: usize,
    pub action: usize,
    /// Line of the `delivery` in the suite, from 1.
    pub line: usize,
    /// The word for `to`, as written or by default.
    pub to: &'static str,
    pub promise: Promise,
    /// Number of the [`Listener`] that knows its events.
    pub listener: usize,
    /// What its event carries; `None`: the action's id.
    pub key: Option<Expression>,
    /// It owes deliveries only if this holds of its answer.
    pub when: Option<Expression>,
    pub addressees: Addressees,
    /// What the action is about: its members are meant, and its order is kept. `None`: the resource that it acts on, if any.
    pub subject: Option<Text>,
}

/// What every user of every scenario listens for.
#[derive(Debug)]
pub struct Listener {
    pub event: Box<str>,
    /// Of which namespace it is, as it is written: that of the emit.
    pub namespace: Box<str>,
    /// Some request owes it: who does not join that namespace listens for it in the main one.
    pub by_request: bool,
    /// Where the event carries the key; `None`: it carries none, and events are only counted.
    pub key: Option<Expression>,
    /// `key` as it is written.
    pub text: Box<str>,
}

impl Listener {
    /// The number of the namespace in which users listen for it who join these.
    #[must_use]
    pub fn namespace_in(&self, joined: &[Joining]) -> Option<usize> {
        let known = joined.iter().position(|joining| joining.written == self.namespace);
        known.or(self.by_request.then_some(0))
    }
}

/// All deliveries of a plan, and how they are known.
#[derive(Debug, Default)]
pub struct Deliveries {
    pub rules: Vec<Delivery>,
    pub listeners: Vec<Listener>,
    /// Does anybody join anything? Otherwise everybody who is connected is a member of everything.
    pub memberships: bool,
}

impl Deliveries {
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// The longest that any delivery can take and still be late rather than missing.
    #[must_use]
    pub fn patience(&self) -> Duration {
        self.rules.iter().map(|rule| rule.promise.patience()).max().unwrap_or_default()
    }
}

impl Promise {
    /// How long after its send an action can be received. It stays open longer only while its own outcome is not known.
    #[must_use]
    pub fn patience(&self) -> Duration {
        self.within + self.grace
    }
}
