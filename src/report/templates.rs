//! The templates that pages are rendered from: the built-in ones, and those that stand in for them (`--template`).

use std::io;

use tera::{Context, ErrorKind, Kwargs, State, Tera, TeraResult};

use crate::metrics::catalog::Unit;
use crate::metrics::number;
use crate::report::compare::{self, Compared};
use crate::report::error::ReportError;
use crate::report::html;
use crate::report::index_page::{self, Listed};
use crate::report::look::Look;
use crate::report::untrusted::for_html;
use crate::units::Duration;
use crate::verdict::Outcome;

/// One of the built-in templates.
#[derive(Debug, Clone, Copy)]
pub struct Template {
    /// As the file is called in a folder of templates.
    pub file: &'static str,
    pub text: &'static str,
    pub about: &'static str,
}

/// Every template that there is.
pub const TEMPLATES: &[Template] = &[
    Template {
        file: "report.html.tera",
        text: include_str!("../../report-templates/default/report.html.tera"),
        about: "the page of a run",
    },
    Template {
        file: "report.css",
        text: include_str!("../../report-templates/default/report.css"),
        about: "included into the `<style>` of every page",
    },
    Template {
        file: "report.js",
        text: include_str!("../../report-templates/default/report.js"),
        about: "included into the `<script>` of the report; an enhancement only",
    },
    Template {
        file: "index.html.tera",
        text: include_str!("../../report-templates/default/index.html.tera"),
        about: "the page over several suites",
    },
    Template {
        file: "index.css",
        text: include_str!("../../report-templates/default/index.css"),
        about: "included into its `<style>`, after the report's",
    },
    Template {
        file: "compare.html.tera",
        text: include_str!("../../report-templates/default/compare.html.tera"),
        about: "the page of `cotillion demo --compare`",
    },
    Template {
        file: "compare.css",
        text: include_str!("../../report-templates/default/compare.css"),
        about: "included into its `<style>`, after the report's",
    },
];

/// Files whose name begins so are parts of somebody's own templates, for `{% include %}`.
const OWN_PART: char = '_';

/// Renders a page. `page` is the name of its file, as in [`TEMPLATES`].
///
/// # Errors
/// A template is wrong: by a mistake of ours, unless the caller gave any.
pub(super) fn render(page: &'static str, context: &Context, look: &Look) -> Result<String, ReportError> {
    let made = engine(look).and_then(|tera| tera.render(name(page), context));
    made.map_err(|source| match look.templates.is_empty() {
        true => ReportError::Template { template: page, source },
        false => ReportError::OwnTemplate { place: place(&source, page), why: why(&source) },
    })
}

/// Renders an example of every page, so that a mistake is found before there is a run to report.
///
/// # Errors
/// The first mistake.
pub fn check(look: &Look) -> Result<(), ReportError> {
    // One that failed in every way, and one of which nothing is known.
    for outcome in [Outcome::example(), Outcome::example_unreachable()] {
        html::render(&outcome, look)?;
        index_page::render(&[Listed { outcome: &outcome, folder: "example" }], look)?;
        compare::render(&[Compared { outcome: &outcome, folder: "example" }], look)?;
    }
    Ok(())
}

/// Whether a file of a folder of templates has a name that means something.
///
/// # Errors
/// What it may be called.
pub fn check_name(file: &str) -> Result<(), ReportError> {
    if TEMPLATES.iter().any(|template| template.file == file) || file.starts_with(OWN_PART) {
        return Ok(());
    }
    let known = TEMPLATES.iter().map(|template| template.file).collect::<Vec<_>>().join(", ");
    let why = format!("no template has this name: there are {known}; parts of your own begin with `{OWN_PART}`");
    Err(ReportError::OwnTemplate { place: file.to_owned(), why })
}

/// A template's name in Tera. The suffix `.html` is what turns escaping on.
fn name(file: &str) -> &str {
    file.strip_suffix(".tera").unwrap_or(file)
}

/// All templates and the filters that they use.
fn engine(look: &Look) -> TeraResult<Tera> {
    let mut tera = Tera::new();
    tera.set_escape_fn(|text, out| io::Write::write_all(out, for_html(text).as_bytes()));
    // Style and script stand in a page, too.
    tera.autoescape_on([".html", ".css", ".js"]);
    filters(&mut tera);
    let own = |file: &str| look.templates.iter().find(|(own, _)| own == file);
    let built_in = TEMPLATES.iter().filter(|template| own(template.file).is_none());
    let built_in = built_in.map(|template| (name(template.file), template.text));
    // Together, since they include each other.
    tera.add_raw_templates(built_in.chain(look.templates.iter().map(|(file, text)| (name(file), text.as_str()))))?;
    Ok(tera)
}

fn filters(tera: &mut Tera) {
    tera.register_filter("ms", |value: f64, _: Kwargs, _: &State<'_>| number::milliseconds(value));
    tera.register_filter("share", |value: f64, _: Kwargs, _: &State<'_>| number::share(value));
    tera.register_filter("count", |value: u64, _: Kwargs, _: &State<'_>| number::count(value));
    tera.register_filter("counted", |value: u64, with: Kwargs, _: &State<'_>| -> TeraResult<String> {
        Ok(number::counted(value, with.must_get::<&str>("noun")?))
    });
    tera.register_filter("duration", |ms: f64, _: Kwargs, _: &State<'_>| {
        number::duration(Duration::from_secs_f64(ms / 1_000.0))
    });
    tera.register_filter("span", |ms: f64, _: Kwargs, _: &State<'_>| {
        number::span(Duration::from_secs_f64(ms / 1_000.0))
    });
    tera.register_filter("bytes", |value: u64, _: Kwargs, _: &State<'_>| number::bytes(value as f64));
    tera.register_filter("clock", |ms: f64, _: Kwargs, _: &State<'_>| number::clock((ms / 1_000.0) as u64));
    tera.register_filter("value", |value: f64, with: Kwargs, _: &State<'_>| -> TeraResult<String> {
        Ok(number::value(value, unit(with.must_get::<&str>("unit")?)?))
    });
}

/// A unit by its name in `results.json`.
fn unit(name: &str) -> TeraResult<Unit> {
    serde_json::from_value(name.into()).map_err(|_| tera::Error::message(format!("`{name}` is not a unit")))
}

/// `report.html.tera:12`, or the page alone where no line is known.
fn place(error: &tera::Error, page: &str) -> String {
    match error.kind() {
        ErrorKind::SyntaxError(report) | ErrorKind::RenderingError(report) => {
            let of = report.filename();
            let file = TEMPLATES.iter().map(|template| template.file).find(|file| name(file) == of).unwrap_or(of);
            format!("{file}:{}", report.span().start_line)
        }
        _ => page.to_owned(),
    }
}

/// What is wrong, without the excerpt that Tera draws over several lines.
fn why(error: &tera::Error) -> String {
    match error.kind() {
        ErrorKind::SyntaxError(report) | ErrorKind::RenderingError(report) => report.message().to_owned(),
        _ => super::error::chain(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(file: &str, text: &str) -> Look {
        Look { templates: vec![(file.to_owned(), text.to_owned())], ..Look::default() }
    }

    fn check(file: &str, text: &str, parts: &[&str]) {
        let error = html::render(&Outcome::example(), &look(file, text)).expect_err("a mistake").to_string();
        for part in parts {
            assert!(error.contains(part), "no `{part}` in: {error}");
        }
        assert!(!error.contains("bug of cotillion") && error.contains("report-templates/README.md"), "{error}");
    }

    #[test]
    fn a_mistake_in_somebodys_template_is_named_with_file_and_line() {
        check("report.html.tera", "one\ntwo {{ results.totals.ok }\n", &["report.html.tera:2"]);
        check("report.html.tera", "one\n\n{{ results.totals.okay }}\n", &["report.html.tera:3", "okay"]);
        check("report.html.tera", "{{ results.totals.ok | money }}", &["report.html.tera", "money"]);
        check("report.html.tera", "{% include \"_missing.html\" %}", &["report.html.tera", "_missing.html"]);
        check("report.css", "a {}\n{{ nothing }}", &["report.css:2", "nothing"]);
    }

    #[test]
    fn what_a_folder_has_stands_in_and_the_rest_is_built_in() {
        let outcome = Outcome::example();
        let page = html::render(&outcome, &look("report.css", "body { color: rebeccapurple; }")).unwrap_or_default();
        assert!(page.contains("rebeccapurple") && page.contains("<h1>") && !page.contains("--paper"), "only the style");
        let own = look("report.html.tera", "<p>{{ results.suite.name }} {{ status_word }}</p>");
        assert_eq!(html::render(&outcome, &own).ok().as_deref(), Some("<p>auction FAIL</p>"));
        let mut parts = look("report.html.tera", "{% include \"_head.html\" %}");
        parts.templates.push(("_head.html.tera".to_owned(), "{{ results.suite.name }}".to_owned()));
        let mut hostile = outcome;
        hostile.suite.name = "<b>".to_owned();
        assert_eq!(html::render(&hostile, &parts).ok().as_deref(), Some("&lt;b&gt;"));
    }

    #[test]
    fn a_file_that_no_page_would_use_is_refused() {
        assert!(check_name("report.css").is_ok() && check_name("_own.html.tera").is_ok());
        let error = check_name("raport.html.tera").expect_err("a typo").to_string();
        assert!(error.contains("raport.html.tera") && error.contains("report.html.tera,"), "{error}");
    }
}
