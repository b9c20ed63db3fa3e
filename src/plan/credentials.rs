//! One row of credentials a user, and what of it must never be printed.

use std::collections::BTreeSet;

use serde_json::Value;

use super::critic::Critic;
use super::language::text::text_of;
use super::language::{Bindings, Names, Place, Row, Text};
use super::rows::{self, Files};
use crate::secrets::Secrets;
use crate::suite::env::Environment;
use crate::suite::problem::Path;
use crate::suite::schema;

/// Fields that may be printed unless the suite says otherwise.
const PUBLIC: &[&str] = &["name", "user", "username", "id", "email"];

/// The rows of a suite.
#[derive(Debug, Default)]
pub struct Credentials {
    rows: Vec<Row>,
    /// May users share a row?
    reuse: bool,
    /// Every field that some row has; `None` where no row could be read.
    pub fields: Option<BTreeSet<String>>,
}

impl Credentials {
    /// Of a suite that has none.
    #[must_use]
    pub fn none() -> Self {
        Self { fields: Some(BTreeSet::new()), ..Self::default() }
    }

    /// The row of that user; `None` when the suite has no credentials.
    #[must_use]
    pub fn row(&self, user: u64) -> Option<&Row> {
        let index = usize::try_from(user).ok()?;
        if self.reuse { self.rows.get(index % self.rows.len().max(1)) } else { self.rows.get(index) }
    }

    /// How many rows users share; `None` where each has its own.
    #[must_use]
    pub fn shared_rows(&self) -> Option<u64> {
        (self.reuse && !self.rows.is_empty()).then_some(self.rows.len() as u64)
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

/// Where rows come from and what they are checked with.
pub struct Sources<'a> {
    pub environment: &'a Environment,
    pub files: Files<'a>,
    pub critic: &'a Critic<'a>,
}

/// The rows for that many users. What is not public goes into `secrets`.
pub fn compile(
    credentials: &schema::Credentials,
    path: &Path,
    users: u64,
    names: &Names<'_>,
    sources: &Sources<'_>,
    secrets: &mut Secrets,
) -> Credentials {
    let critic = sources.critic;
    let kinds = [credentials.env.is_some(), credentials.file.is_some(), credentials.generate.is_some()];
    if kinds.iter().filter(|given| **given).count() != 1 {
        let help = "write for instance `env: AUCTION_USERS`";
        critic.error(path, "credentials need exactly one of `env`, `file` and `generate`", help);
        return Credentials::default();
    }
    let rows = if let Some(name) = &credentials.env {
        from_environment(name, &path.key("env"), sources)
    } else if let Some(name) = &credentials.file {
        rows::from_file(name, &path.key("file"), sources.files, critic)
    } else {
        generate(
            credentials.generate.as_ref().unwrap_or(&schema::Map::new()),
            &path.key("generate"),
            users,
            names,
            critic,
        )
    };
    let reuse = credentials.reuse.is_some_and(|reuse| reuse.0);
    if !rows.is_empty() && (rows.len() as u64) < users && !reuse {
        critic.error(
            path,
            format!("{} rows of credentials are too few for {users} users", rows.len()),
            "add rows, lower the load, or write `reuse: true` if users may share a row",
        );
    }
    let is_public = |field: &str| match &credentials.public {
        Some(public) => public.iter().any(|name| name == field),
        None => PUBLIC.contains(&field),
    };
    for row in &rows {
        for (_, value) in row.iter().filter(|(field, _)| !is_public(field)) {
            secrets.insert_value(value);
        }
    }
    let generated = credentials.generate.iter().flat_map(|fields| fields.keys().cloned());
    let fields: BTreeSet<String> = rows.iter().flat_map(|row| row.keys().cloned()).chain(generated).collect();
    Credentials { rows, reuse, fields: (!fields.is_empty()).then_some(fields) }
}

fn from_environment(name: &str, path: &Path, sources: &Sources<'_>) -> Vec<Row> {
    match sources.environment.value(name).filter(|value| !value.trim().is_empty()) {
        Some(text) => rows::from_text(text, path, sources.critic),
        None => {
            let help = "set it to a JSON array of objects, or to CSV with a header row";
            sources.critic.error(path, format!("the environment variable `{name}` is unset or empty"), help);
            Vec::new()
        }
    }
}

fn generate(fields: &schema::Map<Value>, path: &Path, users: u64, names: &Names<'_>, critic: &Critic<'_>) -> Vec<Row> {
    let mut compiled = Vec::new();
    for (field, value) in fields {
        let path = path.key(field.as_str());
        match value {
            Value::String(text) => match Text::compile(text, &path.to_string(), names, Place::USER) {
                Ok(text) => compiled.push((field, text)),
                Err(unknown) => critic.unknown(&path, unknown),
            },
            other => compiled.push((field, Text::constant(text_of(other)))),
        }
    }
    let mut rows = Vec::new();
    for user in 0..users {
        let bindings = Bindings { user, user_in_scenario: user, ..Bindings::nobody() };
        let row: Result<Row, _> =
            compiled.iter().map(|(field, text)| Ok(((*field).clone(), Value::from(text.render(&bindings)?)))).collect();
        match row {
            Ok(row) => rows.push(row),
            Err(error) => {
                let error: super::language::EvaluationError = error;
                critic.error(
                    path,
                    format!("the row of user {user} has no value: {error}"),
                    "use `user.index`, `vars` and functions only",
                );
                break;
            }
        }
    }
    rows
}
