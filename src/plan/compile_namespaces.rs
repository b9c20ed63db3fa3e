//! Which namespaces users join, and which of them a step or a key of `on` means.

use super::compile_scenario::Ground;
use super::compile_step::Steps;
use super::critic::Critic;
use super::language::names::suggestion;
use super::language::{Names, Payload, Place, Text, UnknownName};
use super::scenario::Joining;
use super::target::Target;
use crate::suite::problem::Path;
use crate::suite::schema::{self, Map, Step};

/// The names of what a scenario joins, as they are written, the main one first.
#[must_use]
pub fn written(ground: &Ground<'_>, scenario: &schema::Scenario) -> Vec<Box<str>> {
    match scenario.connect.how().filter(|how| !how.namespaces.is_empty()) {
        Some(how) => how.namespaces.keys().map(|name| name.as_str().into()).collect(),
        None => vec![ground.target.map_or("/", |target| target.namespace.as_str()).into()],
    }
}

/// What the users of a scenario join.
pub fn compile(
    ground: &Ground<'_>,
    scenario: &schema::Scenario,
    names: &Names<'_>,
    path: &Path,
    place: Place,
) -> Vec<Joining> {
    let critic = ground.critic;
    let (connect, target) = (path.key("connect"), Path::root().key("target"));
    let text = |template: &str, path: &Path| {
        let compiled = Text::compile(template, &path.to_string(), names, place);
        compiled.map_err(|unknown| critic.unknown(path, unknown)).unwrap_or_else(|()| Text::constant("/"))
    };
    let mut problem = |path: &Path, unknown: UnknownName| critic.unknown(path, unknown);
    let mut auth = |auth: Option<&Map<serde_json::Value>>, path: &Path| {
        let map = auth?.iter().map(|(key, value)| (key.clone(), value.clone()));
        Some(Payload::compile(&serde_json::Value::Object(map.collect()), path, names, place, &mut problem))
    };
    let how = scenario.connect.how();
    let Some(how) = how.filter(|how| !how.namespaces.is_empty()) else {
        let written = ground.target.map_or("/", |target| target.namespace.as_str());
        let name = text(written, &target.key("namespace"));
        in_one_query(ground, written, how.and_then(|how| how.auth.as_ref()), &connect.key("auth"));
        let auth = auth(how.and_then(|how| how.auth.as_ref()), &connect.key("auth"));
        return vec![Joining { written: written.into(), name, auth }];
    };
    let several = connect.key("namespaces");
    if how.auth.is_some() {
        let what = "`auth` is for the one namespace, and here are several";
        critic.error_at_key(&connect.key("auth"), what, "put it under its namespace: `namespaces: { /: { auth: … } }`");
    }
    if ground.suite.target.namespace.is_some() {
        let what = "the suite names a namespace in `target.namespace`, and here are others";
        critic.error_at_key(
            &several,
            what,
            "leave `target.namespace` out, and name all of them here, the main one first",
        );
    }
    let joining = |(written, namespace): (&String, &schema::JoinedNamespace)| {
        let path = several.key(written.as_str());
        starts_with_a_slash(written, &path, critic);
        in_one_query(ground, written, namespace.auth.as_ref(), &path.key("auth"));
        let auth = auth(namespace.auth.as_ref(), &path.key("auth"));
        Joining { written: written.as_str().into(), name: text(written, &path), auth }
    };
    how.namespaces.iter().map(joining).collect()
}

/// Where auth travels in the URL, a key that is there already would reach the server twice, as a list.
fn in_one_query(ground: &Ground<'_>, namespace: &str, auth: Option<&Map<serde_json::Value>>, path: &Path) {
    let in_url = namespace == "/" && ground.target.is_some_and(Target::has_auth_in_url);
    let Some(auth) = auth.filter(|_| in_url) else { return };
    let query = &ground.suite.target.query;
    let of_url = || ground.target.into_iter().flat_map(|target| &target.query).map(|(key, _)| key);
    for key in auth.keys().filter(|key| query.contains_key(*key) || of_url().any(|known| known == *key)) {
        let what = format!("`{key}` is in the query of the target, too, and would reach the server twice");
        ground.critic.error_at_key(
            &path.key(key.as_str()),
            what,
            "leave it out of the URL and of `target.query`, or here",
        );
    }
}

fn starts_with_a_slash(name: &str, path: &Path, critic: &Critic<'_>) {
    if !name.starts_with('/') && !name.starts_with("{{") {
        critic.error_at_key(path, format!("`{name}` is no namespace"), format!("write `/{name}`"));
    }
}

impl Steps<'_> {
    /// The number of the namespace that a step means.
    pub(super) fn namespace(&self, step: &Step, path: &Path) -> usize {
        let Some(name) = step.namespace.as_deref() else { return 0 };
        let known = || self.namespaces.iter().map(|known| &**known);
        known().position(|known| known == name).unwrap_or_else(|| {
            let help = suggestion(Some(name), known()).unwrap_or_else(|| {
                format!(
                    "the users join {}; name others under `connect: {{ namespaces: … }}`",
                    known().collect::<Vec<_>>().join(" and ")
                )
            });
            self.critic.error(&path.key("namespace"), format!("the users do not join `{name}`"), help);
            0
        })
    }

    /// Its name as it is written.
    pub(super) fn name_of_namespace(&self, number: usize) -> Box<str> {
        self.namespaces.get(number).cloned().unwrap_or_else(|| "/".into())
    }
}

/// What a key of `on` means: `kick` is an event of the main namespace, `/admin,kick` one of `/admin`, where several are joined.
pub fn event_of_key<'a>(key: &'a str, namespaces: &[Box<str>], path: &Path, critic: &Critic<'_>) -> (usize, &'a str) {
    let split = key.starts_with('/').then(|| key.rsplit_once(',')).flatten();
    let Some((name, event)) = split.filter(|_| namespaces.len() > 1) else { return (0, key) };
    let known = namespaces.iter().position(|known| **known == *name);
    let number = known.unwrap_or_else(|| {
        let names = || namespaces.iter().map(|known| &**known);
        let help = suggestion(Some(name), names())
            .unwrap_or_else(|| format!("they join {}", names().collect::<Vec<_>>().join(" and ")));
        critic.error_at_key(path, format!("the users do not join `{name}`"), help);
        0
    });
    (number, event)
}
