//! The house rules, held: which room may know which, what pure rooms keep out, how long files and functions may be, and
//! what is not written anywhere. Each rule stands in [`RULES`] with what it must catch and what it must let pass.

use std::fs;
use std::path::Path;

use syn::spanned::Spanned;
use syn::visit::{self, Visit};

use self::source::{Source, Word};

mod source;

/// The rooms in their row. A file knows its own room and those before it.
const ROOMS: &[&str] = &[
    "units",
    "secrets",
    "metrics",
    "protocol",
    "suite",
    "plan",
    "ledger",
    "record",
    "transport",
    "run",
    "verdict",
    "report",
    "demo",
    "cli",
];

/// Rooms without time, sockets, files, environment or output: data in, data out.
const PURE: &[&str] =
    &["units", "secrets", "metrics", "protocol", "suite", "plan", "ledger", "record", "verdict", "report"];

/// What pure rooms never name. `std::net` is let pass for its addresses, which are values; its sockets are not.
const IMPURE: &[&str] = &[
    "async",
    "await",
    "tokio",
    "Instant",
    "SystemTime",
    "std::env",
    "std::fs",
    "std::process",
    "std::thread",
    "std::net",
    "println!",
    "print!",
    "eprintln!",
    "eprint!",
];
const ADDRESSES: &[&str] = &["IpAddr", "Ipv4Addr", "Ipv6Addr"];

const FILE_LINES: usize = 500;
const FUNCTION_LINES: usize = 60;
const TEST_FUNCTION_LINES: usize = 100;

/// Names that say nothing of what is in a file.
const EMPTY_NAMES: &[&str] = &["utils", "util", "helpers", "helper", "common", "misc", "types", "core"];
/// Macros that stand for work not done.
const UNDONE: &[&str] = &["todo!", "unimplemented!", "dbg!"];
/// Everything that may stand at the top beside files; hidden folders and what git ignores are nobody's business.
const FOLDERS: &[&str] =
    &["ci", "docs", "fuzz", "loadtests", "proptest-regressions", "report-templates", "src", "tests"];

/// A rule: what breaks it in a file, and examples for either side as path and text. `@N` alone on a line stands for N lines.
struct Rule {
    name: &'static str,
    broken_by: fn(&Source) -> Vec<Fault>,
    caught: &'static [(&'static str, &'static str)],
    passes: &'static [(&'static str, &'static str)],
}

/// Line and what is wrong there.
type Fault = (usize, String);

const RULES: &[Rule] = &[
    Rule {
        name: "a file knows only its own room and rooms before it",
        broken_by: one_way,
        caught: &[
            ("src/plan/a.rs", "use crate::run::Clock;"),
            ("src/plan/a.rs", "use crate::{units::Moment, cli::exit};"),
            ("src/plan/a.rs", "fn f() { let x = crate::report::html::render(y); }"),
            ("src/plan/a.rs", "fn f() { assert!(matches!(x, crate::verdict::Status::Pass)); }"),
            ("src/plan/a.rs", "#[cfg(test)] mod tests { use crate::demo::Rules; }"),
            ("src/units.rs", "use crate::Thing;"),
            ("src/plan/a.rs", "use crate::kitchen::Thing;"),
            ("src/kitchen/a.rs", "use crate::units::Moment;"),
            ("src/plan/load/a.rs", "use super::super::super::run::Clock;"),
            ("src/plan/load/a.rs", "use super::super::{super::run::Clock, Plan};"),
            ("src/plan/mod.rs", "mod x { use super::super::run; }"),
            ("src/units.rs", "pub use super::run;"),
        ],
        passes: &[
            ("src/run/a.rs", "use crate::{plan::Plan, units::{Moment, Rate}}; pub(crate) use super::b::C;"),
            ("src/plan/load/a.rs", "use super::super::Plan; mod tests { use super::*; }"),
            ("src/plan/mod.rs", "mod x { use super::load; } /// [`crate::cli`] prints it.\nstruct A;"),
            ("src/lib.rs", "pub use crate::cli::exit;"),
        ],
    },
    Rule {
        name: "a pure room has no time, no sockets, no files, no environment, no output",
        broken_by: pure,
        caught: &[
            ("src/plan/a.rs", "async fn f() {}"),
            ("src/plan/a.rs", "fn f() { g().await; }"),
            ("src/suite/a.rs", "use tokio::sync::watch;"),
            ("src/report/a.rs", "fn f() { let now = std::time::Instant::now(); }"),
            ("src/units.rs", "use std::{fmt, time::SystemTime};"),
            ("src/plan/a.rs", "use std::{env, fmt};"),
            ("src/report/a.rs", "fn f() { std::fs::write(a, b); }"),
            ("src/plan/a.rs", "use std::net::{IpAddr, TcpStream};"),
            ("src/plan/a.rs", "use std::net;"),
            ("src/verdict/a.rs", "fn f() { println!(\"x\"); }"),
        ],
        passes: &[
            ("src/run/a.rs", "use std::time::Instant; async fn f() { tokio::spawn(g()).await; }"),
            ("src/plan/a.rs", "use std::net::{IpAddr, Ipv4Addr}; fn f(environment: E) { environment.env(print) }"),
            ("src/report/a.rs", "const X: &str = env!(\"CARGO_PKG_VERSION\"); // async, tokio, std::fs"),
        ],
    },
    Rule {
        name: "no file is longer than 500 lines",
        broken_by: short_file,
        caught: &[("src/run/a.rs", "@501"), ("tests/it/a.rs", "@501")],
        passes: &[("src/run/a.rs", "@500")],
    },
    Rule {
        name: "no function is longer than 60 lines, no function of a test than 100",
        broken_by: short_functions,
        caught: &[
            ("src/run/a.rs", "fn f() {\n@59\n}"),
            ("src/run/a.rs", "impl A { fn f() {\n@59\n} }"),
            ("src/run/a.rs", "trait A { fn f() {\n@59\n} }"),
            ("src/run/a.rs", "mod x { async fn f() {\n@59\n} }"),
            ("src/run/a.rs", "#[cfg(test)] mod tests { fn f() {\n@99\n} }"),
            ("tests/it/a.rs", "fn f() {\n@99\n}"),
        ],
        passes: &[
            ("src/run/a.rs", "/// Words.\n@50\n#[must_use]\nfn f() {\n@58\n}"),
            ("src/run/a.rs", "#[cfg(test)] mod tests { fn f() {\n@98\n} }"),
            ("src/run/tests.rs", "fn f() {\n@98\n}"),
        ],
    },
    Rule {
        name: "a file's name says what is in it",
        broken_by: telling_name,
        caught: &[("src/run/utils.rs", ""), ("src/common/a.rs", ""), ("tests/it/helpers.rs", "")],
        passes: &[("src/run/clock.rs", ""), ("tests/it/support/mod.rs", "")],
    },
    Rule {
        name: "`expect` with its reason, never `allow`; no test is ignored; no `unsafe`",
        broken_by: attributes,
        caught: &[
            ("src/run/a.rs", "#[allow(dead_code)] fn f() {}"),
            ("src/run/a.rs", "#![allow(dead_code)]"),
            ("src/run/a.rs", "#[cfg_attr(test, allow(dead_code))] fn f() {}"),
            ("tests/it/a.rs", "#[test] #[ignore] fn f() {}"),
            ("tests/it/a.rs", "#[test] #[ignore = \"slow\"] fn f() {}"),
            ("src/run/a.rs", "fn f() { unsafe { g() } }"),
        ],
        passes: &[
            ("src/run/a.rs", "#[expect(dead_code, reason = \"why\")] fn f() { allow(x); ignore(x); }"),
            ("src/lib.rs", "#![forbid(unsafe_code)]"),
        ],
    },
    Rule {
        name: "nothing is left undone",
        broken_by: done,
        caught: &[
            ("src/run/a.rs", "fn f() { todo!() }"),
            ("src/run/a.rs", "fn f() { if x { std::unimplemented!() } }"),
        ],
        passes: &[("src/run/a.rs", "fn f() { unreachable!(\"why\") } // todo!()")],
    },
    Rule {
        name: "tests in `src` are compiled for tests only",
        broken_by: tests_apart,
        caught: &[("src/run/mod.rs", "mod tests;"), ("src/run/a.rs", "mod tests { fn f() {} }")],
        passes: &[("src/run/mod.rs", "#[cfg(test)]\nmod tests;"), ("tests/it/main.rs", "mod tests;")],
    },
];

fn place_of(room: &str) -> Option<usize> {
    ROOMS.iter().position(|known| *known == room)
}

fn one_way(source: &Source) -> Vec<Fault> {
    let Some(room) = source.room() else { return Vec::new() };
    let Some(here) = place_of(room) else { return vec![(1, format!("`{room}` is no room of the house"))] };
    let fault = |word: &Word| {
        let climbs = word.segments.iter().take_while(|segment| *segment == "super").count();
        if climbs > 0 {
            return (climbs >= word.depth).then(|| format!("`{}` leaves the room", word.segments.join("::")));
        }
        let other = word.segments.get(1).filter(|_| word.is("crate"))?;
        match place_of(other) {
            Some(there) if there <= here => None,
            Some(_) => Some(format!("`{room}` knows `{other}`, which stands after it")),
            None => Some(format!("`crate::{other}` is no room of the house")),
        }
    };
    faults(source, fault)
}

fn pure(source: &Source) -> Vec<Fault> {
    if !source.room().is_some_and(|room| PURE.contains(&room)) {
        return Vec::new();
    }
    faults(source, |word| {
        let found = IMPURE.iter().find(|name| word.names(name))?;
        let is_address = word.segments.get(2).is_some_and(|last| ADDRESSES.contains(&last.as_str()));
        (*found != "std::net" || !is_address).then(|| format!("`{found}` in a pure room"))
    })
}

fn attributes(source: &Source) -> Vec<Fault> {
    faults(source, |word| {
        let name = word.segments.first()?.as_str();
        match name {
            "allow" if word.in_attribute => Some("`allow`; write `expect` with a reason".to_owned()),
            "ignore" if word.in_attribute => Some("a test that is ignored is no test".to_owned()),
            "unsafe" => Some("`unsafe`".to_owned()),
            _ => None,
        }
    })
}

fn done(source: &Source) -> Vec<Fault> {
    faults(source, |word| UNDONE.iter().find(|name| word.names(name)).map(|name| format!("`{name}`")))
}

fn faults(source: &Source, fault: impl Fn(&Word) -> Option<String>) -> Vec<Fault> {
    source.tokens.iter().filter_map(|word| Some((word.line, fault(word)?))).collect()
}

fn short_file(source: &Source) -> Vec<Fault> {
    let lines = source.text.lines().count();
    if lines > FILE_LINES { vec![(lines, format!("{lines} lines"))] } else { Vec::new() }
}

fn telling_name(source: &Source) -> Vec<Fault> {
    let parts = source.path.trim_end_matches(".rs").split('/');
    parts.filter(|part| EMPTY_NAMES.contains(part)).map(|part| (1, format!("`{part}` says nothing"))).collect()
}

fn short_functions(source: &Source) -> Vec<Fault> {
    let mut functions = Functions { in_test: source.is_test(), faults: Vec::new() };
    functions.visit_file(&source.syntax);
    functions.faults
}

fn tests_apart(source: &Source) -> Vec<Fault> {
    struct Modules(Vec<Fault>);
    impl<'ast> Visit<'ast> for Modules {
        fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
            if module.ident == "tests" && !is_for_tests(&module.attrs) {
                self.0.push((module.span().start().line, "`mod tests` without `#[cfg(test)]`".to_owned()));
            }
            visit::visit_item_mod(self, module);
        }
    }
    let mut modules = Modules(Vec::new());
    if source.path.starts_with("src/") {
        modules.visit_file(&source.syntax);
    }
    modules.0
}

fn is_for_tests(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute.parse_args::<syn::Path>().is_ok_and(|condition| condition.is_ident("test"))
    })
}

struct Functions {
    in_test: bool,
    faults: Vec<Fault>,
}

impl Functions {
    /// From `fn` to the closing brace.
    fn measure(&mut self, signature: &syn::Signature, block: &syn::Block) {
        let first = signature.fn_token.span.start().line;
        let lines = block.brace_token.span.close().end().line + 1 - first;
        let most = if self.in_test { TEST_FUNCTION_LINES } else { FUNCTION_LINES };
        if lines > most {
            self.faults.push((first, format!("`{}` has {lines} lines, and {most} are the most", signature.ident)));
        }
    }
}

impl<'ast> Visit<'ast> for Functions {
    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        let before = self.in_test;
        self.in_test |= is_for_tests(&module.attrs);
        visit::visit_item_mod(self, module);
        self.in_test = before;
    }
    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        self.measure(&function.sig, &function.block);
        visit::visit_item_fn(self, function);
    }
    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        self.measure(&function.sig, &function.block);
        visit::visit_impl_item_fn(self, function);
    }
    fn visit_trait_item_fn(&mut self, function: &'ast syn::TraitItemFn) {
        if let Some(block) = &function.default {
            self.measure(&function.sig, block);
        }
        visit::visit_trait_item_fn(self, function);
    }
}

fn expand(text: &str) -> String {
    let lines = text.lines().map(|line| match line.strip_prefix('@').and_then(|count| count.parse().ok()) {
        Some(count) => "//\n".repeat(count),
        None => format!("{line}\n"),
    });
    lines.collect()
}

/// Every Rust file below a folder.
fn sources(folder: &Path, found: &mut Vec<Source>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(Source::new(path.to_str().unwrap(), fs::read_to_string(&path).unwrap()));
        }
    }
}

#[test]
fn the_house_keeps_its_rules() {
    let mut found = Vec::new();
    for folder in ["src", "tests"] {
        sources(Path::new(folder), &mut found);
    }
    assert!(found.len() > 100, "only {} files were found", found.len());
    let mut wrong = String::new();
    for rule in RULES {
        for source in &found {
            for (line, what) in (rule.broken_by)(source) {
                wrong.push_str(&format!("{}:{line}  {what} ({})\n", source.path, rule.name));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn every_rule_catches_what_breaks_it_and_lets_the_rest_pass() {
    for rule in RULES {
        for (path, text) in rule.caught {
            let faults = (rule.broken_by)(&Source::new(path, expand(text)));
            assert!(!faults.is_empty(), "{}: not caught in {path}: {text}", rule.name);
        }
        for (path, text) in rule.passes {
            let faults = (rule.broken_by)(&Source::new(path, expand(text)));
            assert!(faults.is_empty(), "{}: {path}: {text}: {faults:?}", rule.name);
        }
        assert!(!rule.caught.is_empty() && !rule.passes.is_empty(), "{}", rule.name);
    }
}

/// The map at the head of the crate, `ARCHITECTURE.md` and the folder show the same rooms, and in the same order.
#[test]
fn the_map_shows_the_rooms() {
    let text = fs::read_to_string("src/lib.rs").unwrap();
    let listed: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("pub mod ")?.split(';').next()).collect();
    assert_eq!(listed, ROOMS, "`src/lib.rs` lists the rooms in their row");
    let text = fs::read_to_string("ARCHITECTURE.md").unwrap();
    assert!(text.contains(&ROOMS.join(" · ")), "`ARCHITECTURE.md` shows the row");
    let rows: Vec<&str> =
        text.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` |")).map(|row| row.0).collect();
    assert_eq!(rows, ROOMS, "the table of `ARCHITECTURE.md`");
    let mut built: Vec<String> = fs::read_dir("src")
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_str().unwrap().trim_end_matches(".rs").to_owned())
        .filter(|name| !matches!(name.as_str(), "lib" | "main"))
        .collect();
    built.sort();
    built.dedup();
    let mut rooms = ROOMS.to_vec();
    rooms.sort_unstable();
    assert_eq!(built, rooms);
}

#[test]
fn the_top_holds_no_unknown_folder() {
    let ignored = fs::read_to_string(".gitignore").unwrap();
    let is_ignored = |name: &str| ignored.lines().any(|line| line.trim_matches('/') == name);
    let entries = fs::read_dir(".").unwrap().map(|entry| entry.unwrap());
    let folders = entries.filter(|entry| entry.path().is_dir()).map(|entry| entry.file_name().into_string().unwrap());
    let mut found: Vec<String> = folders.filter(|name| !name.starts_with('.') && !is_ignored(name)).collect();
    found.retain(|name| !FOLDERS.contains(&name.as_str()));
    assert!(found.is_empty(), "put {found:?} into FOLDERS, and say in ARCHITECTURE.md what it is");
}
