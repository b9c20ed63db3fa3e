//! The functions and filters of the language beyond those of minijinja. All randomness is a hash of the run's seed, the
//! user, the step and the place in the suite, so that the order in which users happen to run never matters and `--seed`
//! replays a run.

use std::fmt::Write as _;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use hmac::{Hmac, Mac};
use minijinja::value::{Object, Value, ValueKind};
use minijinja::{Environment, Error, ErrorKind, State, UndefinedBehavior};
use sha2::Sha256;

use super::binary;
use super::bindings::Base36;

/// Where functions find the draw of the evaluation.
pub const DRAW: &str = "__draw";
/// Where `now_ms` finds the wall clock at the start of the run plus the moment.
pub const NOW_MS: &str = "__now_ms";

/// minijinja as suites use it: undefined is chainable. Only expressions are compiled, so nothing of its templates matters.
pub static LANGUAGE: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut language = Environment::new();
    language.set_undefined_behavior(UndefinedBehavior::Chainable);
    // For templates with statements; here it is the name of one.
    language.remove_global("namespace");
    language.add_function("random_int", random_int);
    language.add_function("choice", choice);
    language.add_function("uuid", uuid);
    language.add_function("now_ms", now_ms);
    language.add_function("random_text", random_text);
    language.add_function("hmac_sha256", hmac_sha256);
    language.add_filter("base64", base64);
    language.add_filter("hex", hex);
    language.add_filter("base36", base36);
    language.add_filter("from_json", from_json);
    language.add_filter("to_json", to_json);
    language.add_test("bytes", is_bytes);
    language
});

/// A stream of random numbers that belongs to one evaluation.
#[derive(Debug)]
pub struct Draw {
    base: u64,
    drawn: AtomicU64,
}

impl Object for Draw {}

impl Draw {
    /// The stream of this user at this step for the expression with this number.
    #[must_use]
    pub fn new(seed: u64, user: u64, step: u64, place: u64) -> Self {
        let base = [user, step, place].into_iter().fold(seed, |state, next| mix(state ^ mix(next)));
        Self { base, drawn: AtomicU64::new(0) }
    }

    /// The next number, all 64 bits random.
    pub fn next(&self) -> u64 {
        // Relaxed: one evaluation runs on one thread; the atomic only satisfies minijinja's bound.
        mix(self.base ^ mix(self.drawn.fetch_add(1, Ordering::Relaxed)))
    }

    /// A number below `bound`, evenly (Lemire's multiplication, whose bias below 2⁻³² nobody can see).
    pub fn below(&self, bound: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(bound)) >> 64) as u64
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014): every bit of the input changes about half of the output's.
#[must_use]
pub fn mix(state: u64) -> u64 {
    let mut z = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn with_draw<T>(state: &State<'_, '_>, draw: impl FnOnce(&Draw) -> T) -> Result<T, Error> {
    let value = state.lookup(DRAW);
    let object = value.as_ref().and_then(Value::downcast_object_ref::<Draw>);
    object.map(draw).ok_or_else(|| Error::new(ErrorKind::InvalidOperation, "random values are drawn for users only"))
}

fn random_int(state: &State<'_, '_>, from: i64, to: i64) -> Result<i64, Error> {
    let Some(span) = to.checked_sub(from).and_then(|span| u64::try_from(span).ok()) else {
        return Err(Error::new(
            ErrorKind::InvalidOperation,
            format!("random_int({from}, {to}): the first is the larger"),
        ));
    };
    with_draw(state, |draw| from + draw.below(span.saturating_add(1)) as i64)
}

fn choice(state: &State<'_, '_>, list: Value) -> Result<Value, Error> {
    let Some(length) = list.len().filter(|length| *length > 0) else {
        return Err(Error::new(ErrorKind::InvalidOperation, "choice() of nothing"));
    };
    let index = with_draw(state, |draw| draw.below(length as u64))?;
    list.get_item_by_index(index as usize)
}

/// A random UUID (RFC 9562, version 4).
fn uuid(state: &State<'_, '_>) -> Result<String, Error> {
    let (high, low) = with_draw(state, |draw| (draw.next(), draw.next()))?;
    let high = (high & 0xffff_ffff_ffff_0fff) | 0x4000;
    let low = (low & 0x3fff_ffff_ffff_ffff) | 0x8000_0000_0000_0000;
    let (node, clock) = (low & 0xffff_ffff_ffff, low >> 48);
    Ok(format!("{:08x}-{:04x}-{:04x}-{clock:04x}-{node:012x}", high >> 32, (high >> 16) & 0xffff, high & 0xffff))
}

fn now_ms(state: &State<'_, '_>) -> Result<Value, Error> {
    state.lookup(NOW_MS).ok_or_else(|| Error::new(ErrorKind::InvalidOperation, "now_ms() has a value in a run only"))
}

fn random_text(state: &State<'_, '_>, length: usize) -> Result<String, Error> {
    const LONGEST: usize = 16 << 20;
    if length > LONGEST {
        return Err(Error::new(ErrorKind::InvalidOperation, format!("random_text({length}): at most {LONGEST}")));
    }
    with_draw(state, |draw| {
        (0..length).map(|_| char::from(b"abcdefghijklmnopqrstuvwxyz0123456789"[draw.below(36) as usize])).collect()
    })
}

/// Lower-case hex of HMAC-SHA-256 (RFC 2104) with the key and the text as UTF-8.
fn hmac_sha256(key: &str, text: &str) -> Result<String, Error> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes())
        .map_err(|error| Error::new(ErrorKind::InvalidOperation, error.to_string()))?;
    mac.update(text.as_bytes());
    Ok(hex_of(&mac.finalize().into_bytes()))
}

/// Lower-case hexadecimal digits.
pub fn hex_of(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Of bytes, and of a text as UTF-8.
fn base64(value: &Value) -> Result<String, Error> {
    use base64::Engine as _;
    let bytes = value.as_bytes().ok_or_else(|| {
        Error::new(ErrorKind::InvalidOperation, format!("base64 of `{value}`: neither bytes nor a text"))
    })?;
    Ok(base64::engine::general_purpose::STANDARD.encode(bytes))
}

/// Of a number its digits, of bytes theirs, of anything else the bytes of its text.
fn hex(value: &Value) -> String {
    match (u64::try_from(value.clone()), value.as_bytes()) {
        (Ok(number), _) => format!("{number:x}"),
        (Err(_), Some(bytes)) => hex_of(bytes),
        (Err(_), None) => hex_of(value.to_string().as_bytes()),
    }
}

fn is_bytes(value: &Value) -> bool {
    value.kind() == ValueKind::Bytes
}

fn base36(value: &Value) -> Result<String, Error> {
    let number = u64::try_from(value.clone())
        .map_err(|_| Error::new(ErrorKind::InvalidOperation, format!("base36 of `{value}`: not a whole number")))?;
    Ok(Base36(number).to_string())
}

fn from_json(text: &str) -> Result<Value, Error> {
    serde_json::from_str::<serde_json::Value>(text)
        .map(|value| binary::to_dynamic(&value))
        .map_err(|error| Error::new(ErrorKind::InvalidOperation, format!("from_json: {error}")))
}

fn to_json(value: &Value) -> Result<String, Error> {
    let json = binary::of_dynamic(value)
        .map_err(|error| Error::new(ErrorKind::InvalidOperation, format!("to_json: {error}")))?;
    Ok(json.to_string())
}

#[cfg(test)]
mod tests {
    use minijinja::context;

    use super::*;

    fn evaluate(expression: &str, seed: u64) -> String {
        let compiled = LANGUAGE.compile_expression(expression).unwrap();
        let draw = Value::from_object(Draw::new(seed, 1, 2, 3));
        let context = context! { __draw => draw, __now_ms => 1_700_000_000_000_u64, n => 255, text => "héllo" };
        compiled.eval(context).map_or_else(|error| format!("error: {error}"), |value| value.to_string())
    }

    fn check(expression: &str, expected: &str) {
        assert_eq!(evaluate(expression, 7), expected, "{expression}");
    }

    #[test]
    fn functions_and_filters() {
        check("n | hex", "ff");
        check("text | hex", "68c3a96c6c6f");
        check("n | base36", "73");
        check("'user:pass' | base64", "dXNlcjpwYXNz");
        check("('[1,{\"a\":2}]' | from_json)[1].a", "2");
        check("[1, 2] | to_json", "[1,2]");
        check("'12' | int + 1", "13");
        check("now_ms()", "1700000000000");
        check("missing.field.deeper", "");
        // RFC 4231, test case 2.
        check(
            "hmac_sha256('Jefe', 'what do ya want for nothing?')",
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        );
        check("choice(['only'])", "only");
        check("random_int(5, 5)", "5");
        assert!(evaluate("random_int(2, 1)", 7).contains("the first is the larger"));
        assert!(evaluate("choice([])", 7).contains("of nothing"));
    }

    #[test]
    fn randomness_repeats_with_the_seed_only() {
        for expression in ["random_int(0, 1000000)", "uuid()", "random_text(20)", "choice(range(1000) | list)"] {
            assert_eq!(evaluate(expression, 7), evaluate(expression, 7), "{expression}");
            assert_ne!(evaluate(expression, 7), evaluate(expression, 8), "{expression}");
        }
        let uuid = evaluate("uuid()", 7);
        assert_eq!((uuid.len(), &uuid[14..15]), (36, "4"));
        assert!("89ab".contains(&uuid[19..20]));
        assert_eq!(evaluate("random_text(20)", 7).len(), 20);
    }

    #[test]
    fn draws_below_a_bound_are_even() {
        let draw = Draw::new(1, 2, 3, 4);
        let mut seen = [0; 6];
        for _ in 0..6_000 {
            seen[draw.below(6) as usize] += 1;
        }
        assert!(seen.iter().all(|count| (850..1150).contains(count)), "{seen:?}");
    }
}
