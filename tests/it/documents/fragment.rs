//! A YAML block of a document, read and compiled by the program itself. A block that begins with `name:` is a whole suite;
//! keys of a suite, keys of a scenario and lists of steps are put into the suite below, where they would stand.

use cotillion::suite::env::Environment;
use cotillion::suite::schema::json_schema;
use serde_yaml::{Mapping, Value};

use crate::loadtests::plan;

/// What a fragment is put into. It has everything that one may speak of.
const AROUND: &str = r#"
name: around
vars: { currency: EUR }
target: { url: demo, namespace: /auction }
credentials: { generate: { name: "bidder-{{ user.index }}", password: correct horse } }
resources: { list: [{ id: lot-1, opening: 100 }, { id: lot-2, opening: 250 }] }
cooldown: { per_resource: 1s }
scenarios:
  bidders:
    load: { stages: [{ name: ramp, duration: 10s, target: 12 }, { name: steady, duration: 1m, target: 12 }] }
    login:
      - post: /login
        json: { user: "{{ user.name }}", password: "{{ user.password }}" }
        save: { token: response.json.token }
    act:
      - { emit: bid, args: ["{{ resource.id }}"], ack: { ok: ack.ok } }
"#;

/// Files that documents name.
const FILES: &[(&str, &str)] = &[
    ("pixel.png", "\u{89}PNG"),
    ("words.csv", "text\nyes\nno\n"),
    ("users.csv", "name,password\nada,one\nbob,two\n"),
    ("lots.json", "[\"vase\", { \"id\": \"clock\", \"opening\": 5 }]"),
];
/// Variables that documents name, where any text would not do.
const VARIABLES: &[(&str, &str)] = &[
    ("TARGET_URL", "http://127.0.0.1:3000"),
    ("HTTPS_PROXY", "http://127.0.0.1:3128"),
    ("AUCTION_USERS", "[{\"name\": \"ada\", \"password\": \"one\"}]"),
];
const HTTP: &[&str] = &["get", "post", "put", "delete"];

pub fn check(text: &str) -> Result<(), String> {
    let value: Value = serde_yaml::from_str(text).map_err(|error| error.to_string())?;
    let whole = match &value {
        Value::Mapping(keys) if keys.contains_key("name") && keys.contains_key("scenarios") => text.to_owned(),
        Value::Mapping(keys) => print(&with_keys(keys)?),
        Value::Sequence(steps) => print(&with_steps(steps)),
        _ => return Err("neither keys nor steps".to_owned()),
    };
    let files = |name: &str| {
        let found = FILES.iter().find(|(known, _)| *known == name);
        found.map(|(_, text)| text.as_bytes().to_vec()).ok_or_else(|| "no document test knows this file".to_owned())
    };
    plan("document.yaml", &whole, &environment(text), &files).map(|_| ())
}

/// Every variable that the block asks for has some value.
fn environment(text: &str) -> Environment {
    let asked = text.split("${").skip(1).filter_map(|rest| rest.split(['}', ':']).next()).map(|name| (name, "a text"));
    asked.chain(VARIABLES.iter().copied()).collect()
}

fn print(suite: &Value) -> String {
    serde_yaml::to_string(suite).unwrap()
}

fn around() -> Value {
    serde_yaml::from_str(AROUND).unwrap()
}

fn scenario(suite: &mut Value) -> &mut Mapping {
    suite["scenarios"]["bidders"].as_mapping_mut().unwrap()
}

fn with_keys(keys: &Mapping) -> Result<Value, String> {
    let schema = json_schema();
    let known = |pointer: &str| schema.pointer(pointer).and_then(|keys| keys.as_object()).unwrap().clone();
    let (of_suite, of_scenario) = (known("/properties"), known("/$defs/Scenario/properties"));
    let names: Vec<&str> = keys.keys().filter_map(Value::as_str).collect();
    let first = names.first().copied().unwrap_or_default();
    let mut suite = around();
    let (known, what, place) = if of_suite.contains_key(first) {
        (&of_suite, "suite", suite.as_mapping_mut().unwrap())
    } else if of_scenario.contains_key(first) {
        (&of_scenario, "scenario", scenario(&mut suite))
    } else {
        return Err(format!("`{first}` is no key of a suite nor of a scenario"));
    };
    if let Some(stranger) = names.iter().find(|name| !known.contains_key(**name)) {
        return Err(format!("`{stranger}` is no key of a {what}, as `{first}` is"));
    }
    for (key, value) in keys {
        place.insert(key.clone(), value.clone());
    }
    Ok(suite)
}

fn with_steps(steps: &[Value]) -> Value {
    let is_http = |step: &Value| HTTP.iter().any(|verb| step.get(verb).is_some());
    let place = if steps.iter().any(is_http) { "login" } else { "act" };
    let mut suite = around();
    scenario(&mut suite).insert(place.into(), Value::Sequence(steps.to_vec()));
    suite
}
