//! The resources that users compete for.

use serde_json::Value;

use super::critic::Critic;
use super::language::{Bindings, Names, Place, Resource, Text, UnknownName};
use super::rows::{self, Files};
use crate::suite::problem::Path;
use crate::suite::schema::{self, Map};

/// More than this is a mistake of the suite, not a plan.
const MOST: u64 = 10_000_000;

/// All resources of a suite, in order. Ids are unique.
pub fn compile(
    resources: &schema::Resources,
    path: &Path,
    names: &Names<'_>,
    files: Files<'_>,
    critic: &Critic<'_>,
) -> Vec<Resource> {
    let kinds = [resources.count.is_some(), resources.list.is_some(), resources.file.is_some()];
    if kinds.iter().filter(|given| **given).count() != 1 {
        critic.error(
            path,
            "resources need exactly one of `count`, `list` and `file`",
            "write for instance `count: 12`",
        );
        return Vec::new();
    }
    if resources.id.is_some() && resources.count.is_none() {
        critic.error_at_key(&path.key("id"), "`id` goes with `count` only", "a list or file brings its own ids");
    }
    let found = if let Some(count) = resources.count {
        counted(count.0, resources.id.as_deref(), path, names, critic)
    } else if let Some(list) = &resources.list {
        let path = path.key("list");
        list.iter().enumerate().filter_map(|(index, item)| listed(item, index, &path.index(index), critic)).collect()
    } else {
        let path = path.key("file");
        let items = rows::items_of_file(resources.file.as_deref().unwrap_or_default(), &path, files, critic);
        items.iter().enumerate().filter_map(|(index, item)| listed(item, index, &path, critic)).collect()
    };
    let mut seen = std::collections::HashSet::new();
    if let Some(twice) = found.iter().find(|resource| !seen.insert(&*resource.id)) {
        let help = "every id stands for one resource; with `count`, use `{{ index }}` in `id`";
        critic.error(path, format!("two resources have the id `{}`", twice.id), help);
    }
    if resources.list.as_ref().is_some_and(Vec::is_empty) {
        critic.error(&path.key("list"), "there is no resource in it", "list at least one");
    }
    found
}

fn counted(count: u64, id: Option<&str>, path: &Path, names: &Names<'_>, critic: &Critic<'_>) -> Vec<Resource> {
    if count == 0 || count > MOST {
        critic.error(
            &path.key("count"),
            format!("{count} resources are not a plan"),
            format!("write a number from 1 to {MOST}"),
        );
        return Vec::new();
    }
    let place = Place { user: false, ..Place::USER };
    let id_path = path.key("id");
    // `index` is the one name that exists here: it is item without a user.
    let template = id.unwrap_or("{{ index }}").to_owned();
    let compiled = compile_id(&template, &id_path, names, place);
    match compiled {
        Ok(text) => (0..count as usize).map_while(|index| render(&text, index, &id_path, critic)).collect(),
        Err(unknown) => {
            critic.unknown(&id_path, unknown);
            Vec::new()
        }
    }
}

/// The id template: `index` is bound like a saved name.
fn compile_id(template: &str, path: &Path, names: &Names<'_>, place: Place) -> Result<Text, UnknownName> {
    let names = Names {
        saved: vec!["index".into()],
        user_fields: names.user_fields.clone(),
        resource_fields: names.resource_fields.clone(),
        ..*names
    };
    Text::compile(template, &path.to_string(), &names, place)
}

fn render(text: &Text, index: usize, path: &Path, critic: &Critic<'_>) -> Option<Resource> {
    let saved = [Some(Value::from(index))];
    let bindings = Bindings { saved: &saved, ..Bindings::nobody() };
    match text.render(&bindings) {
        Ok(id) => Some(Resource { index, id: id.into(), fields: Map::new() }),
        Err(error) => {
            critic.error(
                path,
                format!("the id of resource {index} has no value: {error}"),
                "use `index`, `vars` and filters only",
            );
            None
        }
    }
}

fn listed(item: &Value, index: usize, path: &Path, critic: &Critic<'_>) -> Option<Resource> {
    let id_of = |value: &Value| match value {
        Value::String(text) if !text.is_empty() => Some(text.as_str().into()),
        Value::Number(number) => Some(number.to_string().into()),
        _ => None,
    };
    let (id, fields) = match item {
        Value::Object(map) => {
            let fields = map.iter().filter(|(key, _)| *key != "id").map(|(key, value)| (key.clone(), value.clone()));
            (map.get("id").and_then(id_of), fields.collect())
        }
        other => (id_of(other), Map::new()),
    };
    if id.is_none() {
        critic.error(path, format!("resource {index} has no id"), "write a text, a number, or an object with `id`");
    }
    Some(Resource { index, id: id?, fields })
}
