//! What can be told of a JSON array without parsing it: whether it looks like one, and its first element.
//!
//! Nothing here reads past the event's name; that is left to whoever wants the arguments.

use std::borrow::Cow;

/// Refused on receipt by the parsers of Socket.IO 4, which close the connection on them.
pub const RESERVED: &[&str] =
    &["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"];

#[must_use]
pub fn is_reserved(name: &str) -> bool {
    RESERVED.contains(&name)
}

/// Whether `json` has the brackets of an array around it.
#[must_use]
pub fn looks_like_an_array(json: &str) -> bool {
    json.starts_with('[') && json.trim_ascii_end().ends_with(']') && json.len() >= 2
}

/// The name of the event that the array `json` carries: its first element, a string without its escapes or the digits
/// of a number. A string that is no Unicode text (half a surrogate pair) is given as it is written. `Err` says what is
/// wrong.
pub fn event_name(json: &str) -> Result<Cow<'_, str>, &'static str> {
    if !looks_like_an_array(json) {
        return Err("the payload of an event is not a JSON array");
    }
    let first = json[1..].trim_ascii_start();
    match first.as_bytes() {
        [b'"', ..] => string(first),
        [b'0'..=b'9' | b'-', ..] => number(first),
        [b']', ..] => Err("an event has no name: its array is empty"),
        _ => Err("the name of an event is neither a string nor a number"),
    }
}

/// The place in the server's log that stands as last argument in the array `json` of an event: where the argument before it
/// ends, and the place. `None` when the last argument is none: servers write letters, digits and a few signs.
/// (socket.io, "Connection state recovery".)
#[must_use]
pub fn offset(json: &str) -> Option<(usize, &str)> {
    let inside = json.trim_ascii_end().strip_suffix(']')?.trim_ascii_end().strip_suffix('"')?;
    let start = inside.bytes().rposition(|b| !b.is_ascii_graphic() || matches!(b, b'"' | b'\\'))?;
    let offset = &inside[start + 1..];
    let before = inside.get(..=start)?.strip_suffix('"')?.trim_ascii_end().strip_suffix(',')?;
    (!offset.is_empty()).then_some((before.trim_ascii_end().len(), offset))
}

/// The string literal at the start of `json`.
fn string(json: &str) -> Result<Cow<'_, str>, &'static str> {
    let mut escaped = false;
    let mut bytes = json.bytes().enumerate().skip(1);
    let end = loop {
        match bytes.next() {
            Some((at, b'"')) => break at,
            Some((_, b'\\')) => {
                escaped = true;
                bytes.next();
            }
            Some(_) => {}
            None => return Err("the name of an event is a string without an end"),
        }
    };
    ends_an_element(&json[end + 1..])?;
    let written = &json[1..end];
    if !escaped {
        return Ok(Cow::Borrowed(written));
    }
    Ok(serde_json::from_str(&json[..=end]).map_or(Cow::Borrowed(written), Cow::Owned))
}

fn number(json: &str) -> Result<Cow<'_, str>, &'static str> {
    let end = json.bytes().position(|b| matches!(b, b',' | b']') || b.is_ascii_whitespace()).unwrap_or(json.len());
    let (digits, rest) = json.split_at(end);
    ends_an_element(rest)?;
    match serde_json::from_str::<serde_json::Number>(digits) {
        Ok(_) => Ok(Cow::Borrowed(digits)),
        Err(_) => Err("the name of an event is neither a string nor a number"),
    }
}

fn ends_an_element(rest: &str) -> Result<(), &'static str> {
    match rest.trim_ascii_start().as_bytes() {
        [b',' | b']', ..] => Ok(()),
        _ => Err("the name of an event is followed by neither a comma nor the end of the array"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(json: &str, expected: Result<&str, &str>) {
        match (event_name(json), expected) {
            (Ok(name), Ok(expected)) => assert_eq!(name, expected, "{json}"),
            (Err(what), Err(part)) => assert!(what.contains(part), "{json}: {what}"),
            (result, _) => panic!("{json}: {result:?}"),
        }
    }

    #[test]
    fn names() {
        check(r#"["bid",{"lot":7}]"#, Ok("bid"));
        check(r#"[ "messages created" , 1]"#, Ok("messages created"));
        check("[\"a\"]\n", Ok("a"));
        check(r#"[""]"#, Ok(""));
        check(r#"["a\"b\\"]"#, Ok(r#"a"b\"#));
        check(r#"["conn\u0065ct"]"#, Ok("connect"));
        check(r#"["123"]"#, Ok("123"));
        check("[\"a\u{2028}b\"]", Ok("a\u{2028}b"));
        check(r#"["\ud83d\ude00"]"#, Ok("😀"));
        check(r#"["half \ud83d",1]"#, Ok(r"half \ud83d"));
        check("[7]", Ok("7"));
        check("[-1.5e3 ,2]", Ok("-1.5e3"));
    }

    #[test]
    fn what_has_no_name() {
        check("", Err("not a JSON array"));
        check("[", Err("not a JSON array"));
        check("]", Err("not a JSON array"));
        check(r#"{"a":1}"#, Err("not a JSON array"));
        check(r#"["a""#, Err("not a JSON array"));
        check("[]", Err("empty"));
        check("[ ]", Err("empty"));
        check(r#"["a]"#, Err("without an end"));
        check(r#"["a\"]"#, Err("without an end"));
        check(r#"["a"1]"#, Err("followed by"));
        check("[1-2]", Err("neither"));
        check("[null]", Err("neither"));
        check(r#"[["a"]]"#, Err("neither"));
        check("[\u{feff}\"a\"]", Err("neither"));
    }

    #[test]
    fn offsets() {
        for (json, expected) in [
            (r#"["m","one","Q8BV7LS"]"#, Some((r#"["m","one""#, "Q8BV7LS"))),
            (r#"[ "m" , {"a":"]"} , "1690000000000-0" ] "#, Some((r#"[ "m" , {"a":"]"}"#, "1690000000000-0"))),
            (r#"["m","Q8BV7LS"]"#, Some((r#"["m""#, "Q8BV7LS"))),
            (r#"["Q8BV7LS"]"#, None),
            (r#"["m",1]"#, None),
            (r#"["m",["a"]]"#, None),
            (r#"["m","two words"]"#, None),
            (r#"["m","é"]"#, None),
            (r#"["m","a\",\"b"]"#, None),
            (r#"["m",""]"#, None),
            ("[", None),
            ("\"]", None),
            ("", None),
        ] {
            let found = offset(json).map(|(end, offset)| (&json[..end], offset));
            assert_eq!(found, expected, "{json}");
        }
    }

    proptest! {
        #[test]
        fn the_name_is_the_one_that_serde_reads(name in any::<String>(), rest in any::<Vec<i32>>()) {
            let json = serde_json::to_string(&(&name, rest)).unwrap();
            prop_assert_eq!(event_name(&json).unwrap(), name);
        }

        #[test]
        fn no_text_is_too_strange(inside in any::<String>()) {
            let _ = (event_name(&inside), offset(&inside), offset(&format!("{inside}\"]")));
            let _ = event_name(&format!("[{inside}]"));
            let _ = event_name(&format!("[\"{inside}]"));
        }
    }
}
