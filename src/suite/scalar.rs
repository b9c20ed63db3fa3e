//! Scalars whose key decides their type: a number or a flag may be written as text, because `${NAME}` always gives text.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, de};
use serde_json::Value;

/// A whole number that is not negative: `12` or `"12"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Count(pub u64);

/// A number of at least 1: `2`, `1.5` or `"1.5"`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Factor(pub f64);

/// A whole number, also as text; or a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CountOrName {
    Count(Count),
    Name(String),
}

/// A number, or the text of an expression that gives one.
#[derive(Debug, Clone, PartialEq)]
pub enum Number {
    Constant(f64),
    Expression(String),
}

/// `true` or `false`, also as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flag(pub bool);

impl Count {
    /// The number that a value stands for, if it is one.
    #[must_use]
    pub fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Number(number) => number.as_u64().map(Self),
            Value::String(text) => text.trim().parse().ok().map(Self),
            _ => None,
        }
    }
}

impl CountOrName {
    /// What a value stands for: what is no number is a name.
    #[must_use]
    pub fn of(value: &Value) -> Option<Self> {
        let name = || value.as_str().map(|text| Self::Name(text.to_owned()));
        Count::of(value).map(Self::Count).or_else(name)
    }

    #[must_use]
    pub const fn count(&self) -> Option<Count> {
        match self {
            Self::Count(count) => Some(*count),
            Self::Name(_) => None,
        }
    }

    #[must_use]
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Count(_) => None,
            Self::Name(name) => Some(name),
        }
    }
}

impl Number {
    /// What a value stands for.
    #[must_use]
    pub fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Number(number) => number.as_f64().map(Self::Constant),
            Value::String(text) => Some(Self::Expression(text.clone())),
            _ => None,
        }
    }
}

impl Factor {
    /// The factor that a value stands for, if it is one.
    #[must_use]
    pub fn of(value: &Value) -> Option<Self> {
        let number = match value {
            Value::Number(number) => number.as_f64()?,
            Value::String(text) => text.trim().parse().ok()?,
            _ => return None,
        };
        (number.is_finite() && number >= 1.0).then_some(Self(number))
    }
}

impl Flag {
    /// The flag that a value stands for, if it is one.
    #[must_use]
    pub fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Bool(flag) => Some(Self(*flag)),
            Value::String(text) => text.trim().parse().ok().map(Self),
            _ => None,
        }
    }
}

macro_rules! from_value {
    ($($type:ident, $schema:tt, $wanted:literal;)*) => {$(
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let value = Value::deserialize(deserializer)?;
                Self::of(&value).ok_or_else(|| de::Error::custom(format!("`{value}` is not {}", $wanted)))
            }
        }
        impl JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }
            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    )*};
}

from_value! {
    Count, { "type": ["integer", "string"], "format": "count", "minimum": 0 }, "a whole number";
    CountOrName, { "type": ["integer", "string"], "format": "count-or-name", "minimum": 0 }, "a whole number or a name";
    Number, { "type": ["string", "number"] }, "a number or an expression";
    Factor, { "type": ["number", "string"], "format": "factor", "minimum": 1 }, "a number of at least 1";
    Flag, { "type": ["boolean", "string"], "format": "flag" }, "`true` or `false`";
}

/// One item, or a list of them.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum OneOrMany<T> {
    One(T),
    Many(Vec<T>),
}

impl<T> OneOrMany<T> {
    #[must_use]
    pub fn as_slice(&self) -> &[T] {
        match self {
            Self::One(item) => std::slice::from_ref(item),
            Self::Many(items) => items,
        }
    }
}

/// Settings, or `off`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Switchable<T> {
    Off,
    On(T),
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Switchable<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        match value {
            Value::Bool(false) => Ok(Self::Off),
            Value::String(text) if text == "off" => Ok(Self::Off),
            other => serde_json::from_value(other).map(Self::On).map_err(de::Error::custom),
        }
    }
}

impl<T: JsonSchema> JsonSchema for Switchable<T> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        format!("Switchable{}", T::schema_name()).into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let on = generator.subschema_for::<T>();
        json_schema!({ "anyOf": [{ "enum": ["off", false] }, on] })
    }
}
