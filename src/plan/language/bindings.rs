//! What the names of the language stand for at one moment of one user.

use std::borrow::Cow;
use std::fmt;

use serde_json::Value;

use super::binary;
use super::json_path::{self, Key, Path};
use crate::plan::feed::Taking;
use crate::suite::schema::Map;

/// One row of the credentials.
pub type Row = Map<Value>;

/// Something that users compete for.
#[derive(Debug, Clone, PartialEq)]
pub struct Resource {
    pub index: usize,
    pub id: Box<str>,
    /// Whatever else the suite says of it.
    pub fields: Map<Value>,
}

/// Names an action for the server and for the ledger: short, unique in the run and, by the user's index, across shards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ActionId {
    /// Differs from run to run, so that a server that remembers the last run does not take one for the other.
    pub run: u32,
    pub user: u64,
    /// Counts the user's actions.
    pub number: u64,
}

impl fmt::Display for ActionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Base36(u64::from(self.run)).fmt(f)?;
        f.write_str("-")?;
        Base36(self.user).fmt(f)?;
        f.write_str("-")?;
        Base36(self.number).fmt(f)
    }
}

/// A number in digits and lower-case letters.
pub struct Base36(pub u64);

impl fmt::Display for Base36 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut digits = [0u8; 13];
        let mut rest = self.0;
        let mut start = digits.len();
        loop {
            start -= 1;
            digits[start] = b"0123456789abcdefghijklmnopqrstuvwxyz"[(rest % 36) as usize];
            rest /= 36;
            if rest == 0 {
                break;
            }
        }
        f.write_str(std::str::from_utf8(&digits[start..]).unwrap_or_default())
    }
}

/// All that an expression may ask for. Borrowed from the plan and from the user.
#[derive(Debug, Clone, Copy)]
pub struct Bindings<'a> {
    /// `user.index`: unique in the suite.
    pub user: u64,
    pub user_in_scenario: u64,
    /// How many users make a group; 0 without groups.
    pub group: u64,
    pub row: Option<&'a Row>,
    pub resource: Option<&'a Resource>,
    /// The value that `each` is at.
    pub item: Option<&'a Value>,
    pub step: u64,
    pub action: ActionId,
    /// The socket's id in its namespace, once there is one.
    pub connection: Option<&'a str>,
    pub stage: &'a str,
    pub scenario: &'a str,
    /// Remembered values, by the numbers that [`Names`](super::Names) gave out.
    pub saved: &'a [Option<Value>],
    /// The JSON array of the event that the steps answer to: its name, then its arguments.
    pub event: Option<&'a str>,
    /// Names the passes of the loops around, so that each pass draws anew.
    pub pass: u64,
    /// For the rows that its step takes of feeds.
    pub taking: Option<Taking<'a>>,
    /// Of the run; randomness is a hash of it with user, step, pass and place.
    pub seed: u64,
    /// Milliseconds since 1970, for `now_ms()`.
    pub now_ms: u64,
}

/// A name whose value is read without evaluating anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Slot {
    UserIndex,
    UserNumber,
    UserIndexInScenario,
    GroupIndex,
    MemberIndex,
    UserField(Box<str>, Path),
    ResourceId,
    ResourceIndex,
    ResourceField(Box<str>, Path),
    StepNumber,
    ActionId,
    ConnectionId,
    Stage,
    Scenario,
    Item(Path),
    /// Of the row that the step with that number takes.
    Feed(usize, Path),
    Saved(usize, Path),
}

/// The value of a slot.
#[derive(Debug, Clone, PartialEq)]
pub enum SlotValue<'a> {
    Undefined,
    Integer(u64),
    Text(Cow<'a, str>),
    ActionId(ActionId),
    Json(Cow<'a, Value>),
}

impl<'a> Bindings<'a> {
    /// Bindings of no user: everything is undefined or zero.
    #[must_use]
    pub const fn nobody() -> Self {
        Self {
            user: 0,
            user_in_scenario: 0,
            group: 0,
            row: None,
            resource: None,
            item: None,
            step: 0,
            action: ActionId { run: 0, user: 0, number: 0 },
            connection: None,
            stage: "",
            scenario: "",
            saved: &[],
            event: None,
            pass: 0,
            taking: None,
            seed: 0,
            now_ms: 0,
        }
    }

    #[must_use]
    pub fn slot(&self, slot: &Slot) -> SlotValue<'a> {
        let json = |value: Option<&'a Value>, path: &Path| {
            let Some(value) = value else { return SlotValue::Undefined };
            let byte = || byte(value, path).map_or(SlotValue::Undefined, |byte| SlotValue::Integer(byte.into()));
            json_path::find_value(value, path).map_or_else(byte, |value| SlotValue::Json(Cow::Borrowed(value)))
        };
        let text = |text: Option<&'a str>| text.map_or(SlotValue::Undefined, |text| SlotValue::Text(text.into()));
        match slot {
            Slot::UserIndex => SlotValue::Integer(self.user),
            Slot::UserNumber => SlotValue::Integer(self.user + 1),
            Slot::UserIndexInScenario => SlotValue::Integer(self.user_in_scenario),
            Slot::GroupIndex => SlotValue::Integer(self.user_in_scenario / self.group.max(1)),
            Slot::MemberIndex => SlotValue::Integer(self.user_in_scenario % self.group.max(1)),
            Slot::UserField(name, path) => json(self.row.and_then(|row| row.get(&**name)), path),
            Slot::ResourceId => text(self.resource.map(|resource| &*resource.id)),
            Slot::ResourceIndex => {
                self.resource.map_or(SlotValue::Undefined, |resource| SlotValue::Integer(resource.index as u64))
            }
            Slot::ResourceField(name, path) => {
                json(self.resource.and_then(|resource| resource.fields.get(&**name)), path)
            }
            Slot::StepNumber => SlotValue::Integer(self.step),
            Slot::ActionId => SlotValue::ActionId(self.action),
            Slot::ConnectionId => text(self.connection),
            Slot::Stage => text(Some(self.stage)),
            Slot::Scenario => text(Some(self.scenario)),
            Slot::Item(path) => json(self.item, path),
            Slot::Feed(taker, path) => {
                let row = self.taking.and_then(|taking| taking.row(*taker, self));
                json(row, path)
            }
            Slot::Saved(number, path) => json(self.saved.get(*number).and_then(Option::as_ref), path),
        }
    }
}

/// What is no place in a JSON value may be one of bytes.
fn byte(value: &Value, path: &Path) -> Option<u8> {
    let Some((Key::Index(index), before)) = path.split_last() else { return None };
    let bytes = json_path::find_value(value, before).and_then(binary::of_value)?;
    bytes.get(*index).copied()
}

impl SlotValue<'_> {
    /// As JSON; `None` where there is nothing.
    #[must_use]
    pub fn to_json(&self) -> Option<Value> {
        match self {
            Self::Undefined => None,
            Self::Integer(number) => Some((*number).into()),
            Self::Text(text) => Some(text.as_ref().into()),
            Self::ActionId(id) => Some(id.to_string().into()),
            Self::Json(value) => Some(value.clone().into_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base36_is_the_number_in_digits_and_letters() {
        for (number, text) in [(0, "0"), (35, "z"), (36, "10"), (u64::MAX, "3w5e11264sgsf")] {
            assert_eq!(Base36(number).to_string(), text);
        }
        assert_eq!(ActionId { run: 40, user: 7, number: 36 }.to_string(), "14-7-10");
    }
}
