//! Problems as a compiler shows them: the line itself, a caret, and what to write instead.

use annotate_snippets::{AnnotationKind, Group, Level, Message, Origin, Renderer, Snippet};

use super::problem::{Location, Problem, Problems, Severity};

/// All problems as text for a terminal, with a last line that counts them; empty when there are none.
#[must_use]
pub fn render(problems: &Problems, colour: bool) -> String {
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    let mut text = String::new();
    for problem in &problems.0 {
        text.push_str(&renderer.render(&[group(problem)]));
        text.push_str("\n\n");
    }
    if let Some(count) = count(problems) {
        text.push_str(&count);
        text.push('\n');
    }
    text
}

/// As "2 problems and 1 warning, nothing was run"; `None` when there are none.
#[must_use]
pub fn count(problems: &Problems) -> Option<String> {
    let of = |severity| problems.0.iter().filter(|problem| problem.severity == severity).count();
    let plural = |number: usize, noun: &str| format!("{number} {noun}{}", if number == 1 { "" } else { "s" });
    match (of(Severity::Error), of(Severity::Warning)) {
        (0, 0) => None,
        (0, warnings) => Some(plural(warnings, "warning")),
        (errors, 0) => Some(format!("{}, nothing was run", plural(errors, "problem"))),
        (errors, warnings) => {
            Some(format!("{} and {}, nothing was run", plural(errors, "problem"), plural(warnings, "warning")))
        }
    }
}

fn group(problem: &Problem) -> Group<'_> {
    let level = match problem.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = level.primary_title(problem.what.as_str());
    let help: Option<Message<'_>> = problem.help.as_deref().map(|help| Level::HELP.message(help));
    match &problem.location {
        Some(location) if location.text.trim().is_empty() => {
            let origin = Origin::path(location.file.display().to_string());
            Group::with_title(title).element(origin.line(location.line).char_column(location.column)).elements(help)
        }
        Some(location) => Group::with_title(title).element(snippet(location)).elements(help),
        None => Group::with_title(title).elements(help),
    }
}

fn snippet(location: &Location) -> Snippet<'_, annotate_snippets::Annotation<'_>> {
    let byte = |character: usize| location.text.char_indices().nth(character).map_or(location.text.len(), |(at, _)| at);
    let start = byte(location.column - 1);
    let end = byte(location.column - 1 + location.length).max(start);
    Snippet::source(location.text.as_str())
        .line_start(location.line)
        .path(location.file.display().to_string())
        .annotation(AnnotationKind::Primary.span(start..end))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::sync::Arc;

    use super::*;

    fn location(line: usize, column: usize, length: usize, text: &str) -> Location {
        Location { file: Arc::new(PathBuf::from("loadtests/chat.yaml")), line, column, length, text: text.to_owned() }
    }

    #[test]
    fn problems_look_like_a_compilers() {
        let problems = Problems(vec![
            Problem::error("unknown key `acknowlege`").help("did you mean `ack`?").at(location(
                22,
                9,
                10,
                "        acknowlege: { within: 1s }  # ü",
            )),
            Problem::warning("`é` is odd").at(location(30, 5, 1, "a: \"é\"")),
            Problem::error("the file ends too early").at(location(31, 1, 1, "")),
            Problem::error("nobody is to blame"),
        ]);
        insta::assert_snapshot!(render(&problems, false));
        assert!(render(&problems, true).contains("\u{1b}["));
    }

    #[test]
    fn problems_are_counted() {
        let check = |errors: usize, warnings: usize, expected: Option<&str>| {
            let problems = std::iter::repeat_n(Problem::error("e"), errors)
                .chain(std::iter::repeat_n(Problem::warning("w"), warnings));
            assert_eq!(count(&Problems(problems.collect())).as_deref(), expected);
        };
        check(0, 0, None);
        check(1, 0, Some("1 problem, nothing was run"));
        check(2, 1, Some("2 problems and 1 warning, nothing was run"));
        check(0, 2, Some("2 warnings"));
    }
}
