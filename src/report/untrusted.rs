//! Text that somebody else wrote: server answers, names out of a suite. It is shown as it is, but it must never become
//! markup, a terminal command, a line of its own or a command to a CI server.

use std::borrow::Cow;

/// Characters that act instead of being seen: C0 and C1 controls, line and paragraph separators, directions, and the
/// two code points that XML forbids.
#[must_use]
pub fn hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
        || matches!(c, '\u{FEFF}' | '\u{FFFE}' | '\u{FFFF}')
}

/// Control and direction characters made visible: ESC becomes `␛`. Line ends and tabs stay.
#[must_use]
pub fn visible(text: &str) -> Cow<'_, str> {
    if text.chars().any(|c| c != '\n' && c != '\t' && hidden(c)) {
        Cow::Owned(text.chars().map(|c| if c == '\n' || c == '\t' { c } else { shown(c) }).collect())
    } else {
        Cow::Borrowed(text)
    }
}

/// The same, on one line: line ends become `␊`.
#[must_use]
pub fn one_line(text: &str) -> Cow<'_, str> {
    if text.chars().any(hidden) { Cow::Owned(text.chars().map(shown).collect()) } else { Cow::Borrowed(text) }
}

/// One line for a log that a CI server reads: additionally, no `::command` of GitHub and no `##vso[` or `##[` of Azure
/// and GitHub is left in it. GitHub looks at the beginning of a line, and lines are wrapped, so any word may begin one;
/// Azure looks everywhere.
#[must_use]
pub fn for_log(text: &str) -> String {
    let line = one_line(text);
    let mut safe = String::with_capacity(line.len());
    let mut word_begins = true;
    let mut rest = line.chars().peekable();
    while let Some(c) = rest.next() {
        safe.push(c);
        let apart = match rest.peek() {
            Some(':') => c == ':' && word_begins,
            Some('#') => c == '#',
            _ => false,
        };
        if apart {
            safe.push(' ');
        }
        word_begins = apart || c.is_whitespace();
    }
    safe
}

/// Text in the output of a JUnit case: GitLab, Azure and Jenkins read `[[ATTACHMENT|…]]` in it as an order to publish a
/// file, so that only our own may stand there.
#[must_use]
pub fn for_junit(text: &str) -> String {
    visible(text).replace("[[", "[ [")
}

/// The same on one line, for names and messages.
#[must_use]
pub fn for_junit_line(text: &str) -> String {
    one_line(text).replace("[[", "[ [")
}

/// HTML text and attribute values.
#[must_use]
pub fn for_html(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in visible(text).chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}

/// Text of a Markdown cell or paragraph, on one line: no markup, no link, no mention, no formula comes of it. As
/// references to characters, which Markdown takes for text wherever they stand.
#[must_use]
pub fn for_markdown(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in one_line(text).chars() {
        match c {
            '&' | '<' | '>' | '"' | '\'' | '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '(' | ')' | '#' | '+'
            | '!' | '|' | '~' | '^' | '=' | '$' | '@' | ':' => safe.push_str(&format!("&#{};", u32::from(c))),
            // `www.` alone makes a link.
            '.' if safe.ends_with("www") => safe.push_str("&#46;"),
            c => safe.push(c),
        }
    }
    safe
}

/// What stands behind `::` in a workflow command of GitHub. A line end of our own may be in it; those of others are
/// taken out before ([`one_line`]).
#[must_use]
pub fn for_command(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property of such a command, as `file=…`.
#[must_use]
pub fn for_command_property(text: &str) -> String {
    for_command(&one_line(text)).replace(':', "%3A").replace(',', "%2C")
}

/// A cell of a table that spreadsheets open: no formula.
#[must_use]
pub fn for_csv(text: &str) -> String {
    let line = one_line(text);
    if line.starts_with(['=', '+', '-', '@']) { format!("'{line}") } else { line.into_owned() }
}

/// A part of a name where only letters, digits and `_` may stand, as in metrics: everything else becomes `_`.
#[must_use]
pub fn for_name(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' }).collect()
}

fn shown(c: char) -> char {
    match u32::from(c) {
        _ if !hidden(c) => c,
        code @ 0..=0x1F => char::from_u32(0x2400 + code).unwrap_or(char::REPLACEMENT_CHARACTER),
        0x7F => '␡',
        _ => char::REPLACEMENT_CHARACTER,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(clean: impl Fn(&str) -> String, cases: &[(&str, &str)]) {
        for (text, expected) in cases {
            assert_eq!(clean(text), *expected, "{text:?}");
        }
    }

    #[test]
    fn controls_become_visible() {
        check(
            |text| visible(text).into_owned(),
            &[
                ("plain — ünï", "plain — ünï"),
                ("\x1b[31mred\x07", "␛[31mred␇"),
                ("a\nb\tc\r", "a\nb\tc␍"),
                ("\u{9b}31m \u{202e}txt", "\u{fffd}31m \u{fffd}txt"),
            ],
        );
        check(|text| one_line(text).into_owned(), &[("a\nb\r\nc\u{2028}d", "a␊b␍␊c\u{fffd}d")]);
    }

    #[test]
    fn a_log_line_commands_nothing() {
        check(
            for_log,
            &[
                ("std::fmt at 1::2", "std::fmt at 1::2"),
                ("::error::boom", ": :error::boom"),
                ("so ::warning::x", "so : :warning::x"),
                (":::error", ": : :error"),
                ("x ##vso[task.complete]", "x # #vso[task.complete]"),
                ("###[error]", "# # #[error]"),
            ],
        );
    }

    #[test]
    fn a_case_attaches_only_what_we_say() {
        check(for_junit, &[("[[ATTACHMENT|/etc/passwd]]", "[ [ATTACHMENT|/etc/passwd]]"), ("[1]", "[1]")]);
    }

    #[test]
    fn html_is_escaped() {
        check(for_html, &[("<a href=\"x\">'&'", "&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;")]);
    }

    #[test]
    fn markdown_shows_it_and_does_nothing() {
        check(
            for_markdown,
            &[
                ("bid-7 p95 < 2", "bid-7 p95 &#60; 2"),
                ("a|b `c` <b>", "a&#124;b &#96;c&#96; &#60;b&#62;"),
                ("[x](http://y)", "&#91;x&#93;&#40;http&#58;//y&#41;"),
                ("www.x.y @me #1\n- $a$", "www&#46;x.y &#64;me &#35;1␊- &#36;a&#36;"),
            ],
        );
    }

    #[test]
    fn a_workflow_command_stays_one() {
        check(for_command, &[("100 %\nnext\r", "100 %25%0Anext%0D"), ("a::b,c", "a::b,c")]);
        check(for_command_property, &[("a,b::c\n%", "a%2Cb%3A%3Ac␊%25")]);
    }

    #[test]
    fn a_spreadsheet_computes_nothing() {
        check(for_csv, &[("=1+1", "'=1+1"), ("@x", "'@x"), ("ramp", "ramp"), ("a\nb", "a␊b")]);
    }

    #[test]
    fn a_name_is_letters_digits_and_lines() {
        check(for_name, &[("Auction p99.9", "auction_p99_9"), ("x{}\n", "x___")]);
    }
}
