//! Which names exist where: known when a suite is compiled, so that a name that cannot exist is a problem of the suite and
//! not of the run.

use std::cell::RefCell;
use std::collections::BTreeSet;

use serde_json::Value;

use super::answer::{AnswerKind, Root};
use super::bindings::Slot;
use super::functions::LANGUAGE;
use super::json_path::{Key, Path};
use crate::plan::feed::FeedNames;
use crate::plan::once::COUNTED;
use crate::plan::rows::Files;
use crate::suite::advice::closest;
use crate::suite::env::Environment;
use crate::suite::schema::Map;

/// What stands where an expression stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Is a resource bound?
    pub resource: bool,
    /// Does `each` bind an item?
    pub item: bool,
    /// The answer that can be looked at, if any.
    pub answer: AnswerKind,
    /// Is there an event that the steps answer to?
    pub event: bool,
    /// Is there a user at all? (Resource ids have none.)
    pub user: bool,
    /// Can there be binary data? Only what Socket.IO sends and what is remembered can hold some.
    pub binary: bool,
}

impl Place {
    /// A user, and nothing else.
    pub const USER: Self =
        Self { resource: false, item: false, answer: AnswerKind::None, event: false, user: true, binary: false };

    /// Can an answer of that kind be looked at?
    fn has(self, kind: AnswerKind) -> bool {
        kind == self.answer || kind == AnswerKind::Event && self.event
    }

    #[must_use]
    pub const fn with_answer(self, answer: AnswerKind) -> Self {
        Self { answer, ..self }
    }
}

/// The names of one scenario.
pub struct Names<'a> {
    pub vars: &'a Map<Value>,
    /// Fields of the credentials; `None` where they are not known, because the rows could not be read.
    pub user_fields: Option<BTreeSet<String>>,
    /// Fields of the resources; `None` where they are not known, because the resources could not be read.
    pub resource_fields: Option<BTreeSet<String>>,
    /// Saved names in the order of their numbers.
    pub saved: Vec<String>,
    /// Are users put together, so that `group` and `member` are bound?
    pub grouped: bool,
    /// Reads what `$file` names; `None` where there are no files.
    pub files: Option<Files<'a>>,
    /// `None` where no step is compiled.
    pub feeds: Option<&'a FeedNames>,
    /// Value of an environment variable.
    pub environment: &'a Environment,
    /// Values of the environment that were put into the suite by `{{ env.NAME }}`: secrets.
    pub used_environment: &'a RefCell<Vec<String>>,
    /// Under `after`, the actions that `counts` counts; it is a saved name, too.
    pub counts: Option<&'a [String]>,
}

/// What a dotted name stands for.
#[derive(Debug, Clone, PartialEq)]
pub enum Meaning {
    Constant(Value),
    Slot(Slot),
    Answer(Root, Path),
}

/// A name that cannot exist: what to say, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownName {
    pub what: String,
    pub help: Option<String>,
}

impl UnknownName {
    fn new(what: impl Into<String>, help: impl Into<String>) -> Self {
        Self { what: what.into(), help: Some(help.into()) }
    }
}

/// The names that a user's step can see everywhere.
const ROOTS: &[&str] = &[
    "user",
    "resource",
    "feed",
    "group",
    "member",
    "step",
    "action",
    "connection",
    "vars",
    "env",
    "stage",
    "scenario",
    "item",
];

impl<'a> Names<'a> {
    /// The names that exist outside of scenarios: variables and the environment.
    #[must_use]
    pub fn of_no_scenario(
        vars: &'a Map<Value>,
        environment: &'a Environment,
        used_environment: &'a RefCell<Vec<String>>,
    ) -> Self {
        let (user_fields, resource_fields) = (Some(BTreeSet::new()), Some(BTreeSet::new()));
        Self {
            vars,
            user_fields,
            resource_fields,
            saved: Vec::new(),
            files: None,
            feeds: None,
            grouped: false,
            environment,
            used_environment,
            counts: None,
        }
    }
}

impl<'a> Names<'a> {
    /// The names that exist in all scenarios.
    #[must_use]
    pub fn of_scenarios(
        self,
        user_fields: Option<BTreeSet<String>>,
        resource_fields: Option<BTreeSet<String>>,
        feeds: &'a FeedNames,
    ) -> Self {
        Self { user_fields, resource_fields, feeds: Some(feeds), ..self }
    }
}

impl Names<'_> {
    /// What `root` followed by `path` stands for in `place`.
    pub fn resolve(&self, root: &str, path: &[Key], place: Place) -> Result<Meaning, UnknownName> {
        if let Some((_, answer)) = Root::ALL.iter().find(|(name, _)| *name == root) {
            return if place.has(answer.kind()) {
                Ok(Meaning::Answer(*answer, path.to_vec()))
            } else if self.saved.iter().any(|name| name == root) {
                self.saved_name(root, path, place)
            } else {
                Err(UnknownName::new(
                    format!("`{root}` means nothing here"),
                    "it stands in checks and `save` of a step that asks for it",
                ))
            };
        }
        let field = match path.first() {
            Some(Key::Name(name)) => Some(&**name),
            _ => None,
        };
        match root {
            "user" if place.user => self.user(field, path),
            "resource" if place.resource => self.resource(field, path),
            "resource" => Err(UnknownName::new(
                "`resource` is not bound here",
                "it is bound under `act`, inside `each: resources`, and everywhere with `pattern: dedicated`",
            )),
            "item" if place.item => Ok(Meaning::Slot(Slot::Item(path.to_vec()))),
            "step" if place.user => known(root, field, &[("number", Slot::StepNumber)], path),
            "action" if place.user => known(root, field, &[("id", Slot::ActionId)], path),
            "connection" if place.user => known(root, field, &[("id", Slot::ConnectionId)], path),
            "group" if place.user && self.grouped => known(root, field, &[("index", Slot::GroupIndex)], path),
            "member" if place.user && self.grouped => known(root, field, &[("index", Slot::MemberIndex)], path),
            "group" | "member" if place.user && !self.is_saved(root) => Err(UnknownName::new(
                format!("`{root}` is not bound here"),
                "put the users of the scenario together: `group: { size: 2 }`",
            )),
            "stage" if place.user && path.is_empty() => Ok(Meaning::Slot(Slot::Stage)),
            "scenario" if place.user && path.is_empty() => Ok(Meaning::Slot(Slot::Scenario)),
            "feed" if place.user && !self.is_saved(root) => self.feed(field, path),
            "vars" => self.variable(field, path),
            "counts" => self.counted(path, place),
            "env" => self.environment(field),
            _ => self.saved_name(root, path, place),
        }
    }

    /// The fields that `root` has as far as is known, for a program that asks for the root as a whole.
    #[must_use]
    pub fn fields(&self, root: &str) -> Vec<String> {
        let fixed: &[&str] = match root {
            "user" => &["index", "number", "index_in_scenario"],
            "resource" => &["id", "index"],
            "step" => &["number"],
            "action" | "connection" => &["id"],
            "group" | "member" if self.grouped => &["index"],
            _ => &[],
        };
        let own: Vec<&String> = match root {
            "user" => self.user_fields.iter().flatten().collect(),
            "resource" => self.resource_fields.iter().flatten().collect(),
            "vars" => self.vars.keys().collect(),
            _ => Vec::new(),
        };
        let feeds = self.feeds.iter().filter(|_| root == "feed").flat_map(|feeds| feeds.names());
        let feeds = feeds.map(str::to_owned);
        fixed.iter().map(ToString::to_string).chain(own.into_iter().cloned()).chain(feeds).collect()
    }

    fn user(&self, field: Option<&str>, path: &[Key]) -> Result<Meaning, UnknownName> {
        let fixed = [
            ("index", Slot::UserIndex),
            ("number", Slot::UserNumber),
            ("index_in_scenario", Slot::UserIndexInScenario),
        ];
        let known_field = |name: &str| self.user_fields.as_ref().is_none_or(|fields| fields.contains(name));
        let is_fixed = |name: &str| fixed.iter().any(|(known, _)| *known == name);
        if let Some(name) = field.filter(|name| !is_fixed(name) && known_field(name)) {
            return Ok(Meaning::Slot(Slot::UserField(name.into(), path[1..].to_vec())));
        }
        known("user", field, &fixed, path).map_err(|mut unknown| {
            let fields: Vec<&str> = self.user_fields.iter().flatten().map(String::as_str).collect();
            unknown.help = suggestion(field, fixed.iter().map(|(name, _)| *name).chain(fields.iter().copied()))
                .or_else(|| Some("the fields of a user are those of its credentials row".into()));
            unknown
        })
    }

    fn resource(&self, field: Option<&str>, path: &[Key]) -> Result<Meaning, UnknownName> {
        let fixed = [("id", Slot::ResourceId), ("index", Slot::ResourceIndex)];
        let known_field = |name: &str| self.resource_fields.as_ref().is_none_or(|fields| fields.contains(name));
        let is_fixed = |name: &str| fixed.iter().any(|(known, _)| *known == name);
        if let Some(name) = field.filter(|name| !is_fixed(name) && known_field(name)) {
            return Ok(Meaning::Slot(Slot::ResourceField(name.into(), path[1..].to_vec())));
        }
        known("resource", field, &fixed, path).map_err(|mut unknown| {
            let fields = self.resource_fields.iter().flatten().map(String::as_str);
            unknown.help = suggestion(field, fixed.iter().map(|(name, _)| *name).chain(fields)).or(unknown.help);
            unknown
        })
    }

    fn is_saved(&self, root: &str) -> bool {
        self.saved.iter().any(|name| name == root)
    }

    fn feed(&self, field: Option<&str>, path: &[Key]) -> Result<Meaning, UnknownName> {
        let elsewhere = || UnknownName::new("`feed` means nothing here", "it is bound in steps, one row each");
        let feeds = self.feeds.ok_or_else(elsewhere)?;
        let name = field.ok_or_else(|| UnknownName::new("`feed` alone is no value", "write `feed.NAME.FIELD`"))?;
        if feeds.names().all(|known| known != name) {
            let help = suggestion(Some(name), feeds.names()).or_else(|| Some("declare it under `feeds`".into()));
            return Err(UnknownName { what: format!("unknown feed `feed.{name}`"), help });
        }
        if let (Some(Key::Name(field)), Some(fields)) = (path.get(1), feeds.fields(name))
            && !fields.contains(&**field)
        {
            let help = suggestion(Some(&**field), fields.iter().map(String::as_str))
                .or_else(|| Some(format!("it has {}", fields.iter().cloned().collect::<Vec<_>>().join(", "))));
            return Err(UnknownName { what: format!("`feed.{name}` has no field `{field}`"), help });
        }
        let taker = feeds.taker(name).ok_or_else(elsewhere)?;
        Ok(Meaning::Slot(Slot::Feed(taker, path[1..].to_vec())))
    }

    fn variable(&self, field: Option<&str>, path: &[Key]) -> Result<Meaning, UnknownName> {
        let name = field.ok_or_else(|| UnknownName::new("`vars` alone is no value", "write `vars.NAME`"))?;
        let value = self.vars.get(name).ok_or_else(|| UnknownName {
            what: format!("unknown variable `vars.{name}`"),
            help: suggestion(Some(name), self.vars.keys().map(String::as_str))
                .or_else(|| Some("declare it under `vars`".into())),
        })?;
        let value = super::json_path::find_value(value, &path[1..]).cloned();
        value.map(Meaning::Constant).ok_or_else(|| {
            UnknownName::new(format!("`vars.{name}` has no such field"), "look at its value under `vars`")
        })
    }

    fn environment(&self, field: Option<&str>) -> Result<Meaning, UnknownName> {
        let name = field.ok_or_else(|| UnknownName::new("`env` alone is no value", "write `env.NAME`"))?;
        let value = self.environment.value(name).filter(|value| !value.is_empty()).ok_or_else(|| {
            UnknownName::new(
                format!("the environment variable `{name}` is unset or empty"),
                format!("set it, or write `\"${{{name}:-default}}\"`"),
            )
        })?;
        self.used_environment.borrow_mut().push(value.to_owned());
        Ok(Meaning::Constant(value.into()))
    }

    /// What a run counted of an action, under `after`.
    fn counted(&self, path: &[Key], place: Place) -> Result<Meaning, UnknownName> {
        let name = |key: usize| match path.get(key) {
            Some(Key::Name(name)) => Some(&**name),
            _ => None,
        };
        let check = |name: Option<&str>, known: &[&str], what: &str| match name.filter(|name| !known.contains(name)) {
            None => Ok(()),
            Some(name) => Err(UnknownName {
                what: format!("{what} `{name}`"),
                help: suggestion(Some(name), known.iter().copied())
                    .or_else(|| Some(format!("there is {}", known.join(", ")))),
            }),
        };
        if let Some(actions) = self.counts {
            let actions: Vec<&str> = actions.iter().map(String::as_str).collect();
            check(name(0), &actions, "`counts` has no action")?;
            let counted: Vec<&str> = COUNTED.iter().map(|(name, _)| *name).collect();
            check(name(1), &counted, "of an action `counts` has no")?;
        }
        self.saved_name("counts", path, place)
    }

    fn saved_name(&self, root: &str, path: &[Key], place: Place) -> Result<Meaning, UnknownName> {
        if let Some(number) = self.saved.iter().position(|name| name == root) {
            return Ok(Meaning::Slot(Slot::Saved(number, path.to_vec())));
        }
        let answers = Root::ALL.iter().filter(|(_, root)| place.has(root.kind())).map(|(name, _)| *name);
        let of_nobody = |root: &&str| place.user || ["resource", "item", "vars", "env"].contains(root);
        let known = ROOTS.iter().copied().filter(of_nobody).chain(answers).chain(self.saved.iter().map(String::as_str));
        Err(UnknownName {
            what: format!("unknown name `{root}`"),
            help: suggestion(Some(root), known.chain(LANGUAGE.globals().map(|(name, _)| name))).or_else(|| {
                let nobody = "there is no user here, and nothing of that name was saved before";
                Some(if place.user { "no step of this scenario saves it" } else { nobody }.into())
            }),
        })
    }
}

fn known(root: &str, field: Option<&str>, fields: &[(&str, Slot)], path: &[Key]) -> Result<Meaning, UnknownName> {
    let found = field.and_then(|field| fields.iter().find(|(name, _)| *name == field)).filter(|_| path.len() == 1);
    let names = || fields.iter().map(|(name, _)| *name);
    found.map(|(_, slot)| Meaning::Slot(slot.clone())).ok_or_else(|| match field {
        Some(field) => UnknownName {
            what: format!("`{root}` has no field `{field}`"),
            help: suggestion(Some(field), names())
                .or_else(|| Some(format!("it has {}", names().collect::<Vec<_>>().join(", ")))),
        },
        None => UnknownName::new(format!("`{root}` alone is no value"), format!("write `{root}.{}`", fields[0].0)),
    })
}

/// "did you mean `x`?" for the nearest known name, if one is near.
pub fn suggestion<'a>(wrong: Option<&str>, known: impl Iterator<Item = &'a str>) -> Option<String> {
    closest(wrong?, known).map(|name| format!("did you mean `{name}`?"))
}
