//! The pages that are no report of one run: that of a plan, and the one that compares runs.

use std::path::Path;

use cotillion::metrics::number;
use cotillion::report::compare::{self, Compared};
use cotillion::report::{Look, plan_page, untrusted};
use cotillion::verdict::Outcome;

use crate::reports::{HOSTILE, check_page, no_controls, poisoned, snapshot, without_styles};

/// Three examples as if they were runs of three patterns.
pub fn compared() -> [Outcome; 3] {
    let named = |mut outcome: Outcome, pattern: &str| {
        outcome.scenarios[0].pattern = pattern.into();
        outcome.suite.name = pattern.into();
        outcome
    };
    [
        named(Outcome::example(), "burst"),
        named(Outcome::example_invalid(), "dedicated"),
        named(Outcome::example_passed(), "rotate"),
    ]
}

pub fn compare_page(outcomes: &[Outcome]) -> String {
    let folder = |place: usize| ["burst", "dedicated", "rotate"][place];
    let runs = outcomes.iter().enumerate().map(|(place, outcome)| Compared { outcome, folder: folder(place) });
    compare::render(&runs.collect::<Vec<_>>(), &Look::default()).unwrap()
}

#[test]
fn the_page_that_compares_is_well_formed_and_hostile_text_stays_text_in_it() {
    let page = compare_page(&compared());
    // To be looked at, beside the other examples.
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("reports");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join(compare::FILE), &page).unwrap();
    check_page("compare", &page);
    assert_eq!(page.matches("<article").count(), 3);
    for outcome in compared() {
        for number in [outcome.totals.ok, outcome.totals.rejected, outcome.totals.received_events] {
            assert!(page.contains(&format!("<dd>{}<svg", number::count(number))), "{number}");
        }
    }
    let hostile =
        compare_page(&compared().map(|outcome| poisoned(&outcome))).replace(&untrusted::for_html(HOSTILE), "x");
    assert!(no_controls(&hostile) && !hostile.contains("<script>alert"));
}

#[test]
fn the_page_of_a_plan_looks_right_at_every_width() {
    let plan = Outcome::example().plan;
    for width in [60, 80, 120] {
        let page = plan_page::render("auction", &plan, false, width);
        assert!(page.lines().all(|line| line.chars().count() <= width), "{page}");
        snapshot(&format!("plan-{width}"), &page);
    }
    snapshot("plan-colour", &plan_page::render("auction", &plan, true, 100).replace('\u{1b}', "␛"));
    let hostile = plan_page::render(HOSTILE, &poisoned(&Outcome::example()).plan, true, 80);
    assert!(no_controls(&without_styles(&hostile)));
}
