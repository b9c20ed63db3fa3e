//! What a user does, as a flat program: steps compiled to operations with jumps, so that running one is a matter of a
//! counter and can stop and go on at any operation.

use serde_json::Value;

use super::language::{Expression, Payload, Text};
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
    /// Drawn evenly from this range for each user and step.
    Pause {
        from: Duration,
        to: Duration,
    },
    /// Begins a loop; jumps to `end` when there is nothing (more) to go through.
    Each {
        over: Items,
        end: usize,
    },
    /// Ends a loop: back to the `Each` at `start`.
    Next {
        start: usize,
    },
}

/// What a loop goes through.
#[derive(Debug)]
pub enum Items {
    Resources,
    List(Vec<Value>),
}

/// An event to send.
#[derive(Debug)]
pub struct Emit {
    /// The event, for messages.
    pub event: Box<str>,
    /// A JSON array whose first element is the event.
    pub payload: Payload,
    /// Number of the action in its scenario; `None` outside of `act`.
    pub action: Option<usize>,
    pub ack: Option<AckRule>,
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

/// An HTTP request.
#[derive(Debug)]
pub struct HttpStep {
    pub method: &'static str,
    /// A path, or an absolute URL.
    pub url: Text,
    pub headers: Vec<(String, Text)>,
    pub body: Body,
    /// `None`: any 2xx.
    pub status: Option<u16>,
    pub within: Duration,
    pub saves: Vec<SaveRule>,
}

#[derive(Debug)]
pub enum Body {
    None,
    Json(Payload),
    Form(Vec<(String, Text)>),
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
        self.weigh(resources, |operation, times| {
            if let Operation::Emit(emit) = operation
                && let Some(action) = emit.action
            {
                counts[action] += times;
            }
        });
        counts
    }

    /// The longest that one run of the program takes: all its deadlines and pauses, one after another.
    #[must_use]
    pub fn longest(&self, resources: u64) -> Duration {
        let mut longest = Duration::ZERO;
        self.weigh(resources, |operation, times| {
            let once = match operation {
                Operation::Emit(emit) => emit.ack.as_ref().map_or(Duration::ZERO, |ack| ack.within),
                Operation::Http(http) => http.within,
                Operation::Pause { to, .. } => *to,
                Operation::Each { .. } | Operation::Next { .. } => Duration::ZERO,
            };
            longest += once * times;
        });
        longest
    }

    /// Does the program ever wait for anything?
    #[must_use]
    pub fn waits(&self) -> bool {
        self.operations.iter().any(|operation| match operation {
            Operation::Emit(emit) => emit.ack.is_some(),
            Operation::Http(_) => true,
            Operation::Pause { to, .. } => !to.is_zero(),
            Operation::Each { .. } | Operation::Next { .. } => false,
        })
    }

    /// Does a `pause` stand in the program?
    #[must_use]
    pub fn pauses(&self) -> bool {
        self.operations.iter().any(|operation| matches!(operation, Operation::Pause { .. }))
    }

    /// Calls `look` with every operation and how often its loops repeat it.
    fn weigh(&self, resources: u64, mut look: impl FnMut(&Operation, u64)) {
        let mut factors = vec![1_u64];
        for operation in &self.operations {
            let times = factors.last().copied().unwrap_or(1);
            match operation {
                Operation::Each { over, .. } => factors.push(times.saturating_mul(over.len(resources))),
                Operation::Next { .. } => _ = factors.pop(),
                other => look(other, times),
            }
        }
    }
}

impl Items {
    /// How many there are.
    #[must_use]
    pub fn len(&self, resources: u64) -> u64 {
        match self {
            Self::Resources => resources,
            Self::List(list) => list.len() as u64,
        }
    }
}
