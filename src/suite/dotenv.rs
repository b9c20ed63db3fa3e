//! What a `.env` file does not mean by itself: dotenvy expands `$X`, and a password with a dollar comes out maimed.

use std::path::Path as FilePath;
use std::sync::Arc;

use super::problem::{Location, Problem, Problems};
use crate::secrets::MASK;

/// A warning for every value that dotenvy changes because a `$` stands outside single quotes. Shows no value.
#[must_use]
pub fn warnings(file: &FilePath, text: &str) -> Problems {
    let file = Arc::new(file.to_path_buf());
    let mut problems = Problems::default();
    let mut quote = None;
    let mut name = "";
    let mut first_line = 0;
    let mut expands = false;
    for (index, line) in text.lines().enumerate() {
        let mut value = line;
        if quote.is_none() {
            let entry = line.trim_start();
            let Some((key, rest)) = entry.split_once('=').filter(|_| !entry.starts_with('#')) else { continue };
            (name, value, first_line, expands) = (key.trim_start_matches("export ").trim(), rest, index + 1, false);
        }
        expands |= scan(value.trim_start(), &mut quote);
        if expands && quote.is_none() {
            let column = text.lines().nth(first_line - 1).and_then(|line| line.find(name)).unwrap_or_default() + 1;
            let location = Location {
                file: Arc::clone(&file),
                line: first_line,
                column,
                length: name.chars().count().max(1),
                text: format!("{}{name}={MASK}", " ".repeat(column - 1)),
            };
            let what = format!("`$` in the value of `{name}` is expanded, as in a shell");
            let help = format!("put the value in single quotes where the dollar is meant: `{name}='…'`");
            problems.push(Problem::warning(what).help(help).at(location));
        }
    }
    problems
}

/// Reads one line of a value; says whether a dollar in it is expanded. `quote` is the one that is open.
fn scan(value: &str, quote: &mut Option<char>) -> bool {
    let mut expands = false;
    let mut characters = value.chars();
    while let Some(character) = characters.next() {
        match (character, *quote) {
            ('\'', Some('\'')) | ('"', Some('"')) => *quote = None,
            (_, Some('\'')) => {}
            ('\\', _) => {
                characters.next();
            }
            ('$', _) => expands = true,
            ('\'' | '"', None) => *quote = Some(character),
            (' ' | '\t', None) => break,
            _ => {}
        }
    }
    expands
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dollars_that_expand_are_warned_of() {
        let text = "# A=$x\nA=plain\nB=pa$$word\nC='pa$word'\nD=\"$A and\nmore\"\nexport E=pa\\$word\n  F=a b$ # $\nG='two\n$lines'\nH=${A}";
        let found = warnings(FilePath::new(".env"), text);
        let places: Vec<String> =
            found.0.iter().map(|problem| problem.location.as_ref().unwrap().to_string()).collect();
        assert_eq!(places, [".env:3:1", ".env:5:1", ".env:11:1"]);
        assert!(!format!("{found:?}").contains("word"), "{found:?}");
    }
}
