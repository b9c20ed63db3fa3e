//! The contract of report templates: `report-templates/README.md` names everything that a template gets, and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use cotillion::report::compare::{self, Compared};
use cotillion::report::index_page::{self, Listed};
use cotillion::report::templates::TEMPLATES;
use cotillion::report::{Look, ReportError, html};
use cotillion::verdict::Outcome;

const README: &str = include_str!("../../report-templates/README.md");

/// Renders a page from this text, on an example that has everything.
fn render(page: &str, text: &str) -> Result<String, ReportError> {
    let look = Look { templates: vec![(page.to_owned(), text.to_owned())], ..Look::default() };
    let outcome = Outcome::example();
    match page {
        "report.html.tera" => html::render(&outcome, &look),
        "index.html.tera" => index_page::render(&[Listed { outcome: &outcome, folder: "a" }], &look),
        _ => compare::render(&[Compared { outcome: &outcome, folder: "a" }], &look),
    }
}

/// The names that Tera says there are, when it is asked for one that there is not.
fn names(page: &str) -> BTreeSet<String> {
    let said = render(page, "{{ nowhere }}").expect_err("it is nowhere").to_string();
    let list = said.split_once("Available variables: ").and_then(|(_, rest)| rest.split_once(';')).expect("a list").0;
    list.split(", ").map(str::to_owned).collect()
}

/// The parts of a thing.
fn parts(page: &str, of: &str) -> Vec<String> {
    let text = format!("{{% for name, value in {of} %}}{{{{ name }}}} {{% endfor %}}");
    render(page, &text).expect("it is a thing of parts").split_whitespace().map(str::to_owned).collect()
}

/// What stands in backticks.
fn words(text: &str) -> Vec<String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The rows of the table that follows `begin`: their names, and what is said of them.
fn rows(begin: &str) -> BTreeMap<String, String> {
    let table = README.split_once(begin).unwrap_or_else(|| panic!("no `{begin}`")).1;
    let table = table.split_once("|---|---|\n").expect("a table").1;
    let lines = table.lines().take_while(|line| line.starts_with('|'));
    let row = |line: &str| {
        let mut cells = line.trim_matches('|').splitn(2, " | ");
        let (names, about) = (cells.next().unwrap_or_default().to_owned(), cells.next().unwrap_or_default().to_owned());
        words(&names).into_iter().map(move |name| (name, about.clone())).collect::<Vec<_>>()
    };
    lines.flat_map(row).collect()
}

/// A page gets exactly what its table names, and of each of these things every part is named, too.
fn check(page: &str, begin: &str, besides: &[&str], lists: &[&str]) {
    let documented = rows(begin);
    let mut expected: BTreeSet<String> = documented.keys().cloned().collect();
    expected.extend(besides.iter().map(|name| (*name).to_owned()));
    assert_eq!(names(page), expected, "{page}");
    for list in lists {
        let name = list.split(['[', '.']).next().expect("a name");
        let said = words(&documented[name]);
        let fields = parts(page, list);
        assert!(!fields.is_empty(), "{page}: {list} has no parts");
        for field in fields {
            assert!(said.contains(&field), "{page}: `{field}` of `{list}` is not documented");
        }
    }
}

#[test]
fn what_a_template_gets_is_what_the_contract_names() {
    let lists = [
        "failures[0]",
        "figures[0]",
        "outcomes[0]",
        "causes[0]",
        "lanes",
        "lanes.ends[0]",
        "lanes.users[0]",
        "lanes.overview",
        "lanes.overview.ends[0]",
        "deliveries[0]",
        "delivery_keys[0]",
        "charts[0]",
        "charts[0].legend[0]",
        "shapes[0]",
        "shapes[0].rows[0]",
        "stages[0]",
        "columns[0]",
        "steps",
        "steps.rows[0]",
        "steps.rows[0].cells[0]",
    ];
    check("report.html.tera", "Beside\nit stands", &["results"], &lists);
    check("index.html.tera", "`index.html` gets", &[], &["suites[0]"]);
    check("compare.html.tera", "`compare.html` gets", &[], &["runs[0]", "rows[0]", "rows[0].cells[0]"]);
}

#[test]
fn the_documented_files_and_filters_are_those_that_there_are() {
    let documented = rows("nothing has to lie beside it.");
    let files: BTreeMap<String, String> =
        TEMPLATES.iter().map(|template| (template.file.to_owned(), template.about.to_owned())).collect();
    assert_eq!(
        documented.into_iter().map(|(file, about)| (file, about.trim().to_owned())).collect::<BTreeMap<_, _>>(),
        files
    );
    for (filter, values) in [
        ("ms", "37.24"),
        ("share", "0.9942"),
        ("count", "1238"),
        ("counted(noun=\"sample\")", "1238"),
        ("duration", "75412.0"),
        ("span", "1050.7"),
        ("bytes", "19240000"),
        ("clock", "42000.0"),
    ] {
        let row = README.lines().find(|line| line.starts_with(&format!("| `{filter}` |"))).expect("its row");
        let made = render("report.html.tera", &format!("{{{{ {values} | {filter} }}}}")).expect("it renders");
        assert!(words(row).contains(&made), "{filter}: {made}");
    }
}
