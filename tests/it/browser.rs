//! The HTML pages in a real browser: `tests/browser` looks at every example, with and without JavaScript, in light and
//! dark, with axe and html-validate; and at broken pages, on which its checks must complain. That takes a core for minutes,
//! so that it does not run beside load tests: `COTILLION_BROWSER=1` asks for it, as a part of `ci/test` of its own does.

use std::path::{Path, PathBuf};
use std::process::Command;

use cotillion::report::index_page::{self, Listed};
use cotillion::report::{Look, html, json};
use cotillion::verdict::Outcome;

use crate::pages::{compare_page, compared};
use crate::reports::poisoned;

mod hour;

/// Every kind of page by name, with what it was made from where that is one run.
fn pages() -> Vec<(&'static str, String, Option<Outcome>)> {
    let runs = [
        ("failed", Outcome::example()),
        ("passed", Outcome::example_passed()),
        ("interrupted", Outcome::example_interrupted()),
        ("unreachable", Outcome::example_unreachable()),
        ("skipped", Outcome::example_skipped()),
        ("suspect", Outcome::example_suspect()),
        ("invalid", Outcome::example_invalid()),
        ("aborted", Outcome::example_aborted()),
        ("long", Outcome::example_long()),
        ("hour", hour::of_everything()),
    ];
    let mut pages = vec![
        ("hostile", html::render(&poisoned(&Outcome::example()), &Look::default()).unwrap(), None),
        ("index", index(&[Outcome::example(), Outcome::example_passed(), Outcome::example_skipped()]), None),
        ("index-hostile", index(&[poisoned(&Outcome::example()), poisoned(&Outcome::example_passed())]), None),
        ("compare", compare_page(&compared()), None),
    ];
    pages.extend(runs.map(|(name, outcome)| (name, html::render(&outcome, &Look::default()).unwrap(), Some(outcome))));
    pages
}

fn index(outcomes: &[Outcome]) -> String {
    let folders = ["auction", "20-load/auction two", "30-soak/auction"];
    let suites = outcomes.iter().zip(folders).map(|(outcome, folder)| Listed { outcome, folder });
    index_page::render(&suites.collect::<Vec<_>>(), &Look::default()).unwrap()
}

#[test]
fn every_page_does_in_a_browser_what_it_promises() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser");
    let folder = written();
    if std::env::var_os("COTILLION_BROWSER").is_none() {
        return;
    }
    assert!(tests.join("node_modules").is_dir(), "run `npm ci` in {}", tests.display());
    let looked = Command::new("node").arg("look.mjs").arg(&folder).current_dir(tests).output().expect("node runs");
    let said = String::from_utf8_lossy(&looked.stdout).into_owned() + &String::from_utf8_lossy(&looked.stderr);
    assert!(looked.status.success(), "{said}");
}

/// The pages as files, to be looked at by people, too.
fn written() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pages");
    std::fs::create_dir_all(&folder).unwrap();
    for (name, page, outcome) in pages() {
        std::fs::write(folder.join(name).with_extension("html"), page).unwrap();
        if let Some(outcome) = outcome {
            let results = json::render(&outcome, &Look::default()).unwrap();
            std::fs::write(folder.join(name).with_extension("json"), results).unwrap();
        }
    }
    folder
}

#[test]
fn an_hour_of_everything_is_below_a_megabyte() {
    let page = html::render(&hour::of_everything(), &Look::default()).unwrap();
    assert!(page.len() < 1_000_000, "{} bytes", page.len());
    assert!(page.contains("scenario-29"), "every scenario is there");
}
