//! Binary data as it is written, sent, looked at and sent again.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::plan::language::answer::{Answer, AnswerKind};
use crate::plan::language::tests::{with_bindings, with_names};
use crate::plan::language::{Expression, Payload};

const ARGS: Place = Place { binary: true, resource: true, ..Place::USER };

fn compiled(value: &Value, place: Place) -> Result<Payload, String> {
    let mut problem = None;
    let payload = with_names(|names| {
        Payload::compile(value, &Path::root(), names, place, &mut |path, UnknownName { what, help }| {
            problem = Some(format!("{path}: {what} => {}", help.unwrap_or_default()));
        })
    });
    problem.map_or(Ok(payload), Err)
}

/// What is sent, and whether there is binary data in it.
fn sent(value: &Value) -> (String, bool) {
    let mut out = Vec::new();
    let payload = compiled(value, ARGS).unwrap();
    match with_bindings(|bindings| payload.write(bindings, &mut out)) {
        Ok(binary) => (String::from_utf8(out).unwrap(), binary),
        Err(error) => (format!("step error: {error}"), false),
    }
}

#[test]
fn what_is_written_is_sent_as_base64() {
    let check = |value: Value, expected: &str| assert_eq!(sent(&value), (expected.to_owned(), true), "{value}");
    check(json!({ "$base64": "AQI=" }), r#"{"$base64":"AQI="}"#);
    check(json!([1, { "a": { "$base64": "AQ I\n" } }]), r#"[1,{"a":{"$base64":"AQI="}}]"#);
    check(json!({ "$base64": "" }), r#"{"$base64":""}"#);
    check(json!({ "$hex": "0001 fF" }), r#"{"$base64":"AAH/"}"#);
    check(json!({ "$file": "blob.bin" }), r#"{"$base64":"AP8B"}"#);
    check(json!({ "$base64": "{{ 'hi' | base64 }}" }), r#"{"$base64":"aGk="}"#);
    check(json!({ "$base64": "{{ token | base64 }}" }), r#"{"$base64":"dDBr"}"#);
    check(json!({ "$hex": "00{{ step.number | hex }}{{ 10 | hex }}" }), r#"{"$base64":"AMo="}"#);
    check(json!({ "a": "{{ '{\"$base64\":\"AQI=\"}' | from_json }}" }), r#"{"a":{"$base64":"AQI="}}"#);
}

#[test]
fn constants_are_made_once() {
    let constant = |value: Value| compiled(&value, ARGS).unwrap().as_constant().map(str::to_owned);
    assert_eq!(constant(json!([{ "$hex": "0102" }, 1])), Some(r#"[{"$base64":"AQI="},1]"#.to_owned()));
    assert_eq!(constant(json!({ "$random": "2B" })), None);
}

#[test]
fn what_is_no_binary_data_is_left_alone() {
    let check = |value: Value, expected: &str| assert_eq!(sent(&value), (expected.to_owned(), false), "{value}");
    check(json!({ "$set": { "a": 1 }, "$inc": 2 }), r#"{"$set":{"a":1},"$inc":2}"#);
    check(json!({ "$literal": { "$hex": "no" } }), r#"{"$hex":"no"}"#);
    check(json!({ "$literal": { "$hex": "{{ token }}", "b": 1 } }), r#"{"$hex":"t0k","b":1}"#);
    check(json!({ "$literal": { "$base64": "AQI=" } }), r#"{"\u0024base64":"AQI="}"#);
    check(json!({ "$literal": [1] }), "[1]");
    check(json!({ "a": "{{ match }}", "b": "{{ token }}" }), r#"{"a":{"id":5},"b":"t0k"}"#);
    // Inside of what is kept, binary data is binary data again.
    let inside = json!({ "$literal": { "$file": { "$hex": "01" } } });
    assert_eq!(sent(&inside), (r#"{"$file":{"$base64":"AQ=="}}"#.to_owned(), true));
}

#[test]
fn random_data_repeats_with_the_seed_and_differs_from_place_to_place() {
    let (text, binary) = sent(&json!([{ "$random": "9B" }, { "$random": "9B" }, { "$random": "1KiB" }]));
    let values: Vec<Value> = serde_json::from_str(&text).unwrap();
    let bytes: Vec<Vec<u8>> = values.iter().filter_map(of_value).collect();
    assert_eq!(bytes.iter().map(Vec::len).collect::<Vec<_>>(), [9, 9, 1024]);
    assert!(binary && bytes[0] != bytes[1]);
    assert_eq!(sent(&json!([{ "$random": "9B" }, { "$random": "9B" }, { "$random": "1KiB" }])).0, text);
    let payload = compiled(&json!({ "$random": "9B" }), ARGS).unwrap();
    let other = |step| {
        let value = |bindings: &Bindings<'_>| payload.value(&Bindings { step, ..*bindings });
        with_bindings(value).unwrap()
    };
    assert!(other(1) != other(2) && other(1) == other(1));
}

#[test]
fn what_is_wrong_is_told() {
    let check = |value: Value, place: Place, expected: &str| {
        let problem = compiled(&value, place).unwrap_err();
        assert!(problem.contains(expected), "{problem}");
    };
    check(json!({ "$base64": "?" }), ARGS, "`?` is not base64 => write it in the standard alphabet");
    check(json!({ "$base64": 5 }), ARGS, "`$base64` wants a text, and this is 5 => put it in quotes");
    check(json!({ "$hex": "abc" }), ARGS, "`abc` is not hexadecimal => write two digits");
    check(json!({ "$hex": "+1" }), ARGS, "`+1` is not hexadecimal");
    check(json!({ "$file": "x" }), ARGS, "`x` cannot be read: not there => the path is relative to the suite file");
    check(json!({ "$file": "{{ token }}" }), ARGS, "files are read before the run");
    check(json!({ "$random": "1" }), ARGS, "`1` is not a size => write a size such as `60B`");
    check(json!({ "$random": "65MiB" }), ARGS, "`65MiB` is more than 64MiB");
    check(json!({ "$random": "{{ 5 }}B" }), ARGS, "is known before the run");
    check(
        json!({ "$base64": "AQI=", "a": 1 }),
        ARGS,
        "beside `$base64` stands nothing else => give it a map of its own",
    );
    check(json!({ "$literal": {}, "a": 1 }), ARGS, "beside `$literal` stands nothing else");
    check(json!({ "$base64": "{{ tokn }}" }), ARGS, "unknown name `tokn`");
    check(
        json!([{ "a": { "$hex": "00" } }]),
        Place::USER,
        "here stands JSON, which has none => binary data goes in `args`",
    );
    assert_eq!(sent(&json!({ "$base64": "{{ token }}!" })).0, "step error: `t0k!` is not base64");
}

/// Evaluates on an event with that argument: as it is compiled, and by minijinja.
fn both(text: &str, event: &str) -> [(Option<Value>, bool); 2] {
    let place = ARGS.with_answer(AnswerKind::Event);
    [text.to_owned(), format!("({text})")].map(|text| {
        let compiled = with_names(|names| Expression::compile(&text, "here", names, place)).unwrap();
        let answer = Answer::Event(event);
        with_bindings(|bindings| {
            let value = compiled.value(bindings, answer).unwrap();
            (value, compiled.truth(bindings, answer).unwrap())
        })
    })
}

#[test]
fn received_bytes_are_bytes() {
    let event = r#"["e",{"blob":{"$base64":"AQL/"},"none":{"$base64":""},"odd":{"$base64":"?"},"text":"AQL/"}]"#;
    let check = |text: &str, expected: Value| {
        let found = both(text, event);
        assert_eq!(found[0], found[1], "{text}");
        assert_eq!(found[0].0, Some(expected).filter(|value| !value.is_null()), "{text}");
    };
    check("data.blob | length", json!(3));
    check("data.blob | hex", json!("0102ff"));
    check("data.blob | base64", json!("AQL/"));
    check("data.blob is bytes", json!(true));
    check("data.blob is string", json!(false));
    check("data.text is bytes", json!(false));
    check("data.odd is bytes", json!(false));
    check("data.odd['$base64']", json!("?"));
    check("data.blob['$base64']", Value::Null);
    check("data.blob == data.blob", json!(true));
    check("data.blob == data.none", json!(false));
    check("data.blob == 'AQL/'", json!(false));
    check("data.blob[2]", json!(255));
    check("data.blob[3]", Value::Null);
    check("data.blob[0] == 1", json!(true));
    check("data.blob[0] == 2", json!(false));
    check("data.blob", json!({ "$base64": "AQL/" }));
    check("[data.blob, 1]", json!([{ "$base64": "AQL/" }, 1]));
    check("{'a': data.blob}", json!({ "a": { "$base64": "AQL/" } }));
    check("data.blob | to_json", json!(r#"{"$base64":"AQL/"}"#));
    check("data.none or 5", json!(5));
    assert!(!both("data.none", event)[0].1 && both("data.blob", event)[0].1 && both("data.odd", event)[0].1);
}

#[test]
fn saved_bytes_are_bytes_and_can_be_sent_again() {
    let saved = [Some("t".into()), Some(json!({ "id": { "$base64": "AQL/" } }))];
    with_bindings(|bindings| {
        let bindings = Bindings { saved: &saved, ..*bindings };
        let expression = |text: &str| {
            let compiled = with_names(|names| Expression::compile(text, "here", names, ARGS)).unwrap();
            compiled.value(&bindings, Answer::None).unwrap()
        };
        assert_eq!(expression("match.id | length"), Some(json!(3)));
        assert_eq!((expression("match.id[1]"), expression("(match.id[1])")), (Some(json!(2)), Some(json!(2))));
        for (text, expected) in [
            ("{{ match.id }}", r#"{"$base64":"AQL/"}"#),
            ("{{ match }}", r#"{"id":{"$base64":"AQL/"}}"#),
            ("{{ [match.id][0] }}", r#"{"$base64":"AQL/"}"#),
        ] {
            let mut out = Vec::new();
            let binary = compiled(&json!(text), ARGS).unwrap().write(&bindings, &mut out).unwrap();
            assert_eq!((String::from_utf8(out).unwrap().as_str(), binary), (expected, true), "{text}");
        }
    });
}

/// JSON with bytes, and with what looks like bytes, in it.
fn value() -> impl Strategy<Value = Value> {
    let bytes = prop::collection::vec(any::<u8>(), 0..4);
    let leaf = prop_oneof![
        bytes.prop_map(|bytes| to_value(&bytes)),
        "[A-D=]{0,4}".prop_map(|text| json!({ "$base64": text })),
        // Of a longer one minijinja has characters, and a path has none.
        Just(Value::from("")),
        (0..3_u8).prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        Just(Value::Null),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map("[ab]", inner, 0..3).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn paths_and_programs_agree(a in value(), b in value(), index in 0..3_usize) {
        let event = json!(["e", { "a": a, "b": b }]).to_string();
        for text in [
            "data.a".to_owned(),
            format!("data.a[{index}]"),
            format!("data.a.a[{index}]"),
            "data.a.b".to_owned(),
            "data.a['$base64']".to_owned(),
            "data.a == 'a'".to_owned(),
            "data.a.a == 2".to_owned(),
            format!("data.a[{index}] == 2"),
        ] {
            let [fast, slow] = both(&text, &event);
            prop_assert_eq!(fast, slow, "{} of {}", text, event);
        }
    }

    #[test]
    fn bytes_survive_expressions(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
        let value = to_value(&bytes);
        prop_assert_eq!(of_json(&to_json_text(&bytes)), Some(bytes.clone()));
        prop_assert_eq!(of_dynamic(&to_dynamic(&value)).unwrap(), value.clone());
        let deep = json!({ "a": [1, value], "b": { "c": value } });
        prop_assert_eq!(of_dynamic(&to_dynamic(&deep)).unwrap(), deep);
    }
}
