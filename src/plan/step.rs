//! What a user does, as a flat program: steps compiled to operations with jumps, so that running one is a matter of a
//! counter and can stop and go on at any operation.

use std::ops::Range;

use serde_json::Value;

use super::custom::{Check, Tally};
use super::delivery::Membership;
use super::label::LabelRule;
use super::language::functions::mix;
use super::language::{Expression, Filter, Payload, Text};
pub use super::meeting::{AwaitRule, BarrierRule, ShareRule};
use crate::units::Duration;

/// The steps of one place (`login`, `setup`, `act`, `teardown`).
#[derive(Debug, Default)]
pub struct Program {
    pub operations: Vec<Operation>,
}

#[derive(Debug)]
pub enum Operation {
    Emit(Box<Emit>),
    Http(Box<HttpStep>),
    Expect(Box<Expect>),
    /// Answers the event that the steps are run for: a JSON array.
    Answer(Payload),
    Set(Vec<SetRule>),
    Check(Box<Check>),
    Tally(Box<Tally>),
    /// From here on the user's actions are counted by these.
    Label(Vec<LabelRule>),
    /// Hands values to the others.
    Share(Vec<ShareRule>),
    /// Waits for a value that somebody shares.
    Await(Box<AwaitRule>),
    /// Waits until everybody has come here.
    Barrier(Box<BarrierRule>),
    /// Leaves with a goodbye, or drops the connection.
    Disconnect {
        politely: bool,
    },
    /// Comes back, and does the setup again.
    Reconnect {
        within: Duration,
    },
    /// Drawn evenly from this range for each user and step.
    Pause {
        from: Duration,
        to: Duration,
    },
    /// Goes on at `end` unless the condition is true.
    When {
        condition: Expression,
        end: usize,
    },
    /// Goes on with one of the branches; each of them ends with a jump to `end`.
    Mix {
        branches: Vec<Branch>,
        end: usize,
    },
    Jump {
        to: usize,
    },
    /// Begins a loop; jumps to `end` when there is nothing (more) to go through.
    Each {
        over: Items,
        end: usize,
    },
    /// A step follows that changes who is a member: from here on nobody knows.
    Changing(Box<Membership>),
    /// That step has succeeded, or was rejected.
    Changed(Box<Membership>),
    /// Ends a loop: back to the `Each` at `start`.
    Next {
        start: usize,
    },
}

/// One way that a `mix` can go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Branch {
    /// Of its weight and those before it.
    pub up_to: u64,
    /// Position of its first operation.
    pub start: usize,
}

/// What a loop goes through.
#[derive(Debug)]
pub enum Items {
    Resources,
    List(Vec<Value>),
    /// Nothing: it only counts.
    Times(u64),
}

/// An event to send.
#[derive(Debug)]
pub struct Emit {
    /// The event, for messages.
    pub event: Box<str>,
    /// Number of the namespace that it goes to.
    pub namespace: usize,
    /// A JSON array whose first element is the event.
    pub payload: Payload,
    /// Number of the action in its scenario; `None` outside of `act`.
    pub action: Option<usize>,
    pub ack: Option<AckRule>,
    pub reply: Option<ReplyRule>,
    /// Events that say no, or that something went wrong.
    pub refusals: Vec<RefusalRule>,
    /// Number of its delivery in the plan.
    pub delivery: Option<usize>,
    pub saves: Vec<SaveRule>,
    pub labels: Vec<LabelRule>,
}

/// An event, and which of its kind.
#[derive(Debug)]
pub struct EventRule {
    /// Number of the event in its scenario.
    pub event: usize,
    /// `None`: any of them.
    pub filter: Option<Filter>,
}

/// An event that answers an emit.
#[derive(Debug)]
pub struct ReplyRule {
    pub on: EventRule,
    /// Look at the texts of all that have come since the emit, joined.
    pub joined: bool,
    pub within: Duration,
    /// `None`: any reply is ok.
    pub ok: Option<Expression>,
    pub saves: Vec<SaveRule>,
}

/// An event that answers an emit with a no.
#[derive(Debug)]
pub struct RefusalRule {
    pub on: EventRule,
    /// Did the server say no (rejected), or did something go wrong (failed)?
    pub rejects: bool,
}

/// An event to wait for.
#[derive(Debug)]
pub struct Expect {
    /// Number of the event in its scenario.
    pub event: usize,
    pub filter: Option<Expression>,
    pub within: Duration,
    /// How many of them.
    pub count: u64,
    /// It must not come.
    pub never: bool,
    /// Look at the texts of all that have come, joined.
    pub joined: bool,
    pub saves: Vec<SaveRule>,
}

/// How an ack is judged.
#[derive(Debug)]
pub struct AckRule {
    pub within: Duration,
    /// `None`: any ack is ok.
    pub ok: Option<Expression>,
    pub rejected: Option<Expression>,
}

/// A value to remember.
#[derive(Debug)]
pub struct SaveRule {
    /// Number of the saved name in its scenario.
    pub name: usize,
    pub value: Expression,
    pub secret: bool,
}

/// A value to remember that asks nobody.
#[derive(Debug)]
pub struct SetRule {
    /// Number of the saved name in its scenario.
    pub name: usize,
    pub value: Payload,
}

/// An HTTP request.
#[derive(Debug)]
pub struct HttpStep {
    pub method: &'static str,
    /// Number of the action in its scenario; `None` outside of `act`.
    pub action: Option<usize>,
    /// A path, or an absolute URL.
    pub url: Text,
    pub headers: Vec<(String, Text)>,
    pub body: Body,
    /// `None`: any 2xx, or whatever `ok` says.
    pub status: Option<u16>,
    pub ok: Option<Expression>,
    /// True when the server said no; asked when the response is no success.
    pub rejected: Option<Expression>,
    pub within: Duration,
    /// Number of its delivery in the plan.
    pub delivery: Option<usize>,
    pub saves: Vec<SaveRule>,
    pub labels: Vec<LabelRule>,
}

#[derive(Debug)]
pub enum Body {
    None,
    Json(Payload),
    Form(Vec<(String, Text)>),
}

impl HttpStep {
    /// Is it a status that may be a success? Without a wanted one that is for `ok` to say, and without both any 2xx is one.
    #[must_use]
    pub fn takes(&self, status: u16) -> bool {
        match self.status {
            Some(wanted) => wanted == status,
            None => self.ok.is_some() || (200..300).contains(&status),
        }
    }
}

impl Emit {
    /// Does it wait for an answer?
    #[must_use]
    pub const fn waits(&self) -> bool {
        self.ack.is_some() || self.reply.is_some()
    }

    /// How long it waits until its ack or its reply has come, whichever it asks for.
    #[must_use]
    pub fn within(&self) -> Duration {
        let (ack, reply) = (self.ack.as_ref().map(|ack| ack.within), self.reply.as_ref().map(|reply| reply.within));
        [ack, reply].into_iter().flatten().min().unwrap_or_default()
    }

    /// How long it waits in all: after the ack for the reply.
    fn longest(&self) -> Duration {
        self.reply.as_ref().map_or_else(|| self.within(), |reply| reply.within)
    }

    /// The events that can answer it.
    pub fn events(&self) -> impl Iterator<Item = &EventRule> {
        self.reply.iter().map(|reply| &reply.on).chain(self.refusals.iter().map(|refusal| &refusal.on))
    }
}

impl Operation {
    /// Number of the action that it is.
    #[must_use]
    pub fn action(&self) -> Option<usize> {
        match self {
            Self::Emit(emit) => emit.action,
            Self::Http(http) => http.action,
            _ => None,
        }
    }

    /// The longest that it takes, on its own.
    fn longest(&self) -> Duration {
        match self {
            Self::Emit(emit) => emit.longest(),
            Self::Expect(expect) => expect.within,
            Self::Http(http) => http.within,
            Self::Pause { to, .. } => *to,
            Self::Reconnect { within } => *within,
            Self::Await(rule) => rule.within,
            Self::Barrier(rule) => rule.within,
            _ => Duration::ZERO,
        }
    }
}

impl Program {
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.operations.is_empty()
    }

    /// How often each action comes in one run of the program, at most.
    #[must_use]
    pub fn actions(&self, actions: usize, resources: u64) -> Vec<u64> {
        let mut counts = vec![0; actions];
        let mut factors = vec![1_u64];
        for operation in &self.operations {
            let times = factors.last().copied().unwrap_or(1);
            match operation {
                Operation::Each { over, .. } => factors.push(times.saturating_mul(over.len(resources))),
                Operation::Next { .. } => _ = factors.pop(),
                other => other.action().into_iter().for_each(|action| counts[action] += times),
            }
        }
        counts
    }

    /// Does it hold a `mix`, so that not every run has the same actions?
    #[must_use]
    pub fn mixes(&self) -> bool {
        self.operations.iter().any(|operation| matches!(operation, Operation::Mix { .. }))
    }

    /// Calls `count` with every action that a run comes to between two positions, if every `when` holds. `passes` are those of
    /// the loops around, and `draw` draws a number below a bound at a position and in the passes that it is given.
    pub fn walk(
        &self,
        range: Range<usize>,
        passes: &[u64],
        resources: u64,
        draw: impl Fn(usize, &[u64], u64) -> u64,
        mut count: impl FnMut(usize),
    ) {
        let mut passes = passes.to_vec();
        let mut at = range.start;
        while let Some(operation) = self.operations.get(at).filter(|_| at < range.end) {
            at = match operation {
                Operation::Each { over, end } if over.len(resources) == 0 => *end,
                Operation::Each { .. } => {
                    passes.push(0);
                    at + 1
                }
                Operation::Next { start } => {
                    let length = self.operations[*start].length(resources);
                    let pass = passes.pop().unwrap_or(length) + 1;
                    if pass < length {
                        passes.push(pass);
                        start + 1
                    } else {
                        at + 1
                    }
                }
                Operation::Mix { branches, end } => branch(branches, |bound| draw(at, &passes, bound)).unwrap_or(*end),
                Operation::Jump { to } => *to,
                other => {
                    other.action().into_iter().for_each(&mut count);
                    at + 1
                }
            };
        }
    }

    /// The longest that one run of the program takes: all its deadlines and pauses, one after another.
    #[must_use]
    pub fn longest(&self, resources: u64) -> Duration {
        self.longest_between(0..self.operations.len(), resources)
    }

    fn longest_between(&self, range: Range<usize>, resources: u64) -> Duration {
        let mut longest = Duration::ZERO;
        let mut at = range.start;
        while let Some(operation) = self.operations.get(at).filter(|_| at < range.end) {
            (longest, at) = match operation {
                Operation::Each { over, end } => {
                    (longest + self.longest_between(at + 1..end - 1, resources) * over.len(resources), *end)
                }
                Operation::Mix { branches, end } => {
                    // A branch ends where the next one begins, with a jump that takes no time.
                    let ends = branches.iter().skip(1).map(|branch| branch.start).chain([*end]);
                    let ways = branches.iter().zip(ends).map(|(way, end)| way.start..end);
                    let most = ways.map(|way| self.longest_between(way, resources)).max();
                    (longest + most.unwrap_or_default(), *end)
                }
                Operation::Jump { .. } => (longest, range.end),
                other => (longest + other.longest(), at + 1),
            };
        }
        longest
    }

    /// Does the program ever wait for anything?
    #[must_use]
    pub fn waits(&self) -> bool {
        self.operations.iter().any(|operation| match operation {
            Operation::Emit(emit) => emit.waits(),
            Operation::Http(_) | Operation::Expect(_) | Operation::Reconnect { .. } => true,
            Operation::Await(_) | Operation::Barrier(_) => true,
            Operation::Pause { to, .. } => !to.is_zero(),
            _ => false,
        })
    }

    /// Does a `pause` stand in the program?
    #[must_use]
    pub fn pauses(&self) -> bool {
        self.operations.iter().any(|operation| matches!(operation, Operation::Pause { .. }))
    }
}

impl Operation {
    fn length(&self, resources: u64) -> u64 {
        match self {
            Self::Each { over, .. } => over.len(resources),
            _ => 0,
        }
    }
}

/// Where a `mix` goes on: `draw` gives a number below the sum of its weights.
pub fn branch(branches: &[Branch], draw: impl FnOnce(u64) -> u64) -> Option<usize> {
    let total = branches.last()?.up_to;
    let drawn = draw(total);
    branches.iter().find(|branch| drawn < branch.up_to).map(|branch| branch.start)
}

/// Names the passes of loops, the outermost first, for drawing at random; `beginning` outside of all loops.
pub fn spot<'a>(beginning: u64, passes: impl IntoIterator<Item = &'a u64>) -> u64 {
    passes.into_iter().fold(beginning, |spot, pass| mix(spot ^ mix(*pass)))
}

impl Items {
    /// How many there are.
    #[must_use]
    pub fn len(&self, resources: u64) -> u64 {
        match self {
            Self::Resources => resources,
            Self::List(list) => list.len() as u64,
            Self::Times(times) => *times,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A loop of two passes over a mix of two ways, each with one action; another action after it.
    fn program() -> Program {
        let action = |action| {
            Operation::Emit(Box::new(Emit {
                event: "e".into(),
                namespace: 0,
                payload: Payload::default(),
                action: Some(action),
                ack: None,
                reply: None,
                delivery: None,
                refusals: Vec::new(),
                saves: Vec::new(),
                labels: Vec::new(),
            }))
        };
        let pause = Operation::Pause { from: Duration::ZERO, to: Duration::from_secs(3) };
        let branches = vec![Branch { up_to: 3, start: 2 }, Branch { up_to: 4, start: 4 }];
        let operations = vec![
            Operation::Each { over: Items::Times(2), end: 8 },
            Operation::Mix { branches, end: 7 },
            action(0),
            Operation::Jump { to: 7 },
            action(1),
            pause,
            Operation::Jump { to: 7 },
            Operation::Next { start: 0 },
            action(2),
        ];
        Program { operations }
    }

    #[test]
    fn a_walk_takes_the_ways_that_are_drawn() {
        let walked = |draws: [u64; 2]| {
            let mut counts = [0; 3];
            let draw = |position: usize, passes: &[u64], bound: u64| {
                assert_eq!((position, bound), (1, 4));
                draws[usize::try_from(passes[0]).unwrap()]
            };
            program().walk(0..9, &[], 0, draw, |action| counts[action] += 1);
            counts
        };
        assert_eq!(walked([0, 3]), [1, 1, 1]);
        assert_eq!(walked([2, 2]), [2, 0, 1]);
        assert_eq!(walked([3, 3]), [0, 2, 1]);
    }

    #[test]
    fn of_a_mix_the_longest_way_counts_and_at_most_all_its_actions() {
        assert_eq!(program().longest(0), Duration::from_secs(6));
        assert_eq!(program().actions(3, 0), [2, 2, 1]);
        assert!(program().waits() && program().mixes());
    }
}
