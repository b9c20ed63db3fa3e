//! The language as a whole: what each form compiles to and what it gives.

use std::cell::RefCell;

use serde_json::{Value, json};

use super::answer::AnswerKind;
use super::*;
use crate::suite::problem::Path;
use crate::suite::schema::Map;

fn map(value: Value) -> Map<Value> {
    serde_json::from_value(value).unwrap()
}

pub(super) fn with_names<T>(test: impl FnOnce(&Names<'_>) -> T) -> T {
    let vars = map(json!({ "currency": "EUR", "deep": { "list": [1, 2] } }));
    let environment: crate::suite::env::Environment = [("N", "41")].into_iter().collect();
    let used_environment = RefCell::default();
    test(&Names {
        vars: &vars,
        user_fields: Some(["name", "password"].map(String::from).into()),
        resource_fields: Some(["price"].map(String::from).into()),
        saved: vec!["token".into(), "match".into()],
        grouped: true,
        files: Some(&|name| if name == "blob.bin" { Ok(vec![0, 255, 1]) } else { Err("not there".to_owned()) }),
        feeds: None,
        environment: &environment,
        used_environment: &used_environment,
        counts: None,
    })
}

pub(super) fn with_bindings<T>(test: impl FnOnce(&Bindings<'_>) -> T) -> T {
    let row = map(json!({ "name": "ann \"x\"", "password": "pw" }));
    let resource = Resource { index: 4, id: "lot-4".into(), fields: map(json!({ "price": 9.5 })) };
    test(&Bindings {
        user: 7,
        user_in_scenario: 2,
        group: 2,
        row: Some(&row),
        resource: Some(&resource),
        item: None,
        step: 12,
        action: ActionId { run: 1, user: 7, number: 3 },
        connection: None,
        stage: "steady",
        scenario: "bidders",
        saved: &[Some("t0k".into()), Some(json!({ "id": 5 }))],
        event: None,
        pass: 0,
        taking: None,
        seed: 1,
        now_ms: 0,
    })
}

const ACT: Place = Place { resource: true, ..Place::USER };
const ACK: Place = ACT.with_answer(AnswerKind::Ack);

/// Compiles and evaluates; errors come as their text.
fn evaluate(text: &str, ack: &str) -> (String, String) {
    let compiled = with_names(|names| Expression::compile(text, "here", names, ACK));
    match compiled {
        Err(unknown) => ("error".into(), format!("{} ({})", unknown.what, unknown.help.unwrap_or_default())),
        Ok(expression) => {
            let value = with_bindings(|bindings| {
                let value = expression
                    .value(bindings, Answer::Ack(ack))
                    .map(|value| value.map_or("undefined".into(), |value| value.to_string()));
                let truth = expression.truth(bindings, Answer::Ack(ack));
                value
                    .map(|value| format!("{value} {}", truth.unwrap()))
                    .unwrap_or_else(|error| format!("step error: {error}"))
            });
            (expression.tier().into(), value)
        }
    }
}

fn check(text: &str, ack: &str, tier: &str, value: &str) {
    assert_eq!(evaluate(text, ack), (tier.into(), value.into()), "{text} on {ack}");
}

#[test]
fn expressions_take_the_cheapest_form() {
    let ack = r#"[{"ok":true,"error":"cooldown","n":2,"list":[{"a":null}]}]"#;
    check("ack.ok", ack, "path", "true true");
    check("{{ ack.ok }}", ack, "path", "true true");
    check("ack.list[0].a", ack, "path", "null false");
    check("ack.missing", ack, "path", "undefined false");
    check("ack.error == 'cooldown'", ack, "comparison", "true true");
    check("ack.error != 'cooldown'", ack, "comparison", "false false");
    check("ack.missing != 'cooldown'", ack, "comparison", "false false");
    check("ack.n == 2.0", ack, "comparison", "true true");
    check("not ack.ok", ack, "program", "false false");
    check("ack.n * 2 + step.number", ack, "program", "16 true");
    check("ack.a.b.c or 'x'", ack, "program", "\"x\" true");
    check("ack.missing.deeper", ack, "path", "undefined false");
    check("acks[0].n", ack, "path", "2 true");
    check("true", ack, "constant", "true true");
    check("vars.currency", ack, "constant", "\"EUR\" true");
    check("vars.deep.list[1]", ack, "constant", "2 true");
    check("step.number", ack, "slot", "12 true");
    check("match.id", ack, "slot", "5 true");
    check("match.id == 5", ack, "program", "true true");
    check("env.N | int + 1", ack, "program", "42 true");
}

#[test]
fn several_ack_arguments_are_a_list() {
    check("ack[1].text", r#"[null,{"text":"hi"}]"#, "path", "\"hi\" true");
    check("ack[0] is none", r#"[null,{"text":"hi"}]"#, "program", "true true");
    check("ack.ok", "[]", "path", "undefined false");
    check("acks", "[]", "path", "[] false");
    check("acks | length == 0", "[]", "program", "true true");
    check("ack == 'ok'", r#"["ok"]"#, "comparison", "true true");
    check(r"ack == 'tab	'", r#"["tab\t"]"#, "comparison", "true true");
}

#[test]
fn names_that_cannot_exist_are_errors() {
    let error = |text: &str, expected: &str| {
        let (tier, message) = evaluate(text, "[]");
        assert!(tier == "error" && message.contains(expected), "{text}: {message}");
    };
    error("tokn", "unknown name `tokn` (did you mean `token`?)");
    error("user.nmae", "`user` has no field `nmae` (did you mean `name`?)");
    error("resource.prise", "did you mean `price`?");
    error("vars.curency", "did you mean `currency`?");
    error("vars.deep.nothing", "`vars.deep` has no such field");
    error("response.status", "`response` means nothing here");
    error("step", "write `step.number`");
    error("env.MISSING", "`MISSING` is unset or empty");
    error("ack.ok ==", "is not an expression");
    error("nobody + 1", "unknown name `nobody`");
    error("randomint(1, 2)", "did you mean `random_int`?");
    error("user.index | hx", "unknown filter `hx` (did you mean `hex`?)");
    error("user.nobody + 1", "`user` has no field `nobody`");
}

/// On an event that answers action `1-7-3`, on one that answers another, and on one that says nothing of it.
#[test]
fn a_filter_knows_whom_an_event_names() {
    let check = |text: &str, expected: [bool; 3]| {
        let filter = with_names(|names| Filter::compile(text, "here", names, ACT)).unwrap();
        let events = [
            r#"["no",{"op":"1-7-3","m":"Throttler"}]"#,
            r#"["no",{"op":"1-7-2","m":"Throttler"}]"#,
            r#"["no",{"m":"Throttler"}]"#,
        ];
        let takes = events.map(|event| with_bindings(|bindings| filter.takes(bindings, event)).unwrap());
        assert_eq!(takes, expected, "{text}");
    };
    check("data.op == action.id", [true, false, true]);
    check("{{ action.id == args[0].op }}", [true, false, true]);
    check("data.op == action.id and 'Throttler' in data.m", [true, false, true]);
    check("data.op == action.id and 'other' in data.m", [false, false, false]);
    check("data.op == action.id or data.m", [true, true, true]);
    check("data.m == 'Throttler'", [true, true, true]);
    check("data.nothing", [false, false, false]);
}

#[test]
fn events_have_arguments_without_their_name() {
    let event = r#"["update","m1",{"_stateID":4},[1]]"#;
    let check = |text: &str, tier: &str, expected: &str| {
        let place = ACT.with_answer(AnswerKind::Event);
        let compiled = with_names(|names| Expression::compile(text, "here", names, place)).unwrap();
        let value = with_bindings(|bindings| compiled.value(bindings, Answer::Event(event))).unwrap();
        assert_eq!((compiled.tier(), value.unwrap_or_default().to_string().as_str()), (tier, expected), "{text}");
        // The same, where it is the event that the steps answer to.
        let place = Place { event: true, ..ACK };
        let compiled = with_names(|names| Expression::compile(text, "here", names, place)).unwrap();
        let handled =
            |bindings: &Bindings<'_>| compiled.value(&Bindings { event: Some(event), ..*bindings }, Answer::Ack("[1]"));
        assert_eq!(with_bindings(handled).unwrap().unwrap_or_default().to_string(), expected, "{text}");
    };
    check("data", "path", "\"m1\"");
    check("args[1]._stateID", "path", "4");
    check("args[2][0]", "path", "1");
    check("args[3]", "path", "null");
    check("args", "path", r#"["m1",{"_stateID":4},[1]]"#);
    check("args | length", "program", "3");
    check("data == 'm1'", "comparison", "true");
    check("args[1]._stateID == step.number - 8", "program", "true");
    check("args[1]._stateID == step.number", "comparison", "false");
    check("data == token", "comparison", "false");
}

#[test]
fn a_resource_is_bound_only_where_it_is() {
    let unknown = with_names(|names| Expression::compile("resource.id", "here", names, Place::USER)).unwrap_err();
    assert!(unknown.what.contains("not bound here"), "{unknown:?}");
}

fn rendered(value: &Value) -> (String, bool) {
    let mut problems = Vec::new();
    let payload = with_names(|names| {
        Payload::compile(value, &Path::root(), names, ACT, &mut |path, unknown| {
            problems.push(format!("{path}: {}", unknown.what))
        })
    });
    assert_eq!(problems, Vec::<String>::new());
    let mut out = Vec::new();
    let result = with_bindings(|bindings| payload.render(bindings, &mut out));
    let text = result.map_or_else(|error| format!("step error: {error}"), |()| String::from_utf8(out).unwrap());
    (text, payload.as_constant().is_some())
}

#[test]
fn payloads_keep_types_and_escape_strings() {
    let check =
        |value: Value, expected: &str, constant: bool| assert_eq!(rendered(&value), (expected.to_owned(), constant));
    check(
        json!(["bid", { "lot": "{{ resource.id }}", "n": "{{ step.number }}" }]),
        r#"["bid",{"lot":"lot-4","n":12}]"#,
        false,
    );
    check(
        json!({ "who": "{{ user.name }}", "text": "hi {{ user.name }}!" }),
        r#"{"who":"ann \"x\"","text":"hi ann \"x\"!"}"#,
        false,
    );
    check(
        json!({ "c": "{{ vars.currency }}", "l": "{{ vars.deep.list }}", "t": "in {{ vars.currency }}" }),
        r#"{"c":"EUR","l":[1,2],"t":"in EUR"}"#,
        true,
    );
    check(json!([null, true, 1.5, "plain \" {x}"]), r#"[null,true,1.5,"plain \" {x}"]"#, true);
    check(json!({ "lot-{{ resource.index }}": 1 }), r#"{"lot-4":1}"#, false);
    check(json!("{{ action.id }}"), r#""1-7-3""#, false);
    check(json!("{{ match }}"), r#"{"id":5}"#, false);
    check(json!("{{ match.name }}"), "step error: `match.name` is undefined", false);
    check(json!("{{ 'a' ~ step.number }}"), r#""a12""#, false);
    check(json!("{{ connection.id }}"), "step error: `connection.id` is undefined", false);
}

#[test]
fn texts_join_their_parts() {
    let render = |template: &str| {
        let text = with_names(|names| Text::compile(template, "here", names, ACT))?;
        Ok::<_, UnknownName>((
            text.as_constant().map(str::to_owned),
            with_bindings(|bindings| text.render(bindings)).unwrap(),
        ))
    };
    assert_eq!(render("/lots/{{ resource.id }}?p={{ resource.price }}"), Ok((None, "/lots/lot-4?p=9.5".into())));
    assert_eq!(render("/{{ vars.currency }}/x"), Ok((Some("/EUR/x".into()), "/EUR/x".into())));
    assert!(render("a {{ user.name").unwrap_err().what.contains("not closed"));
}
