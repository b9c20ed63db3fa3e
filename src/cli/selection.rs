//! Which of the suites that were named are run: those that have one of `--tags` and none of `--skip-tags`.

use std::collections::BTreeSet;

use super::args::{RunArgs, Which};
use super::exit::Exit;
use super::load::{self, Prepared, Ready};
use super::{environment, screen, stage};
use crate::report::Ci;
use crate::suite::env::Environment;
use crate::suite::problem::{Problem, Problems};

/// The suites to run, all well; or the problems, shown. What is wrong with a suite that is not chosen is no problem: its
/// secrets may be those of another job.
pub fn select(args: &RunArgs, ci: Option<Ci>) -> Result<Vec<Ready>, Exit> {
    let (environment, problems) = environment::read(args.overrides.env_file.as_deref());
    let shown = |problem| load::show(&Problems(vec![problem]), ci);
    let prepared = look(args, &environment).map_err(shown)?;
    let all = prepared.len();
    let chosen = chosen(prepared, &args.which).map_err(shown)?;
    if chosen.len() < all {
        screen::note(&format!("{} of {all} suites have the tags that are asked for\n", chosen.len()));
    }
    load::settle(chosen, problems, ci)
}

/// The suites that were named, as far as they can be read.
pub fn look(args: &RunArgs, environment: &Environment) -> Result<Vec<Prepared>, Problem> {
    let overrides = args.overrides.overrides();
    Ok(stage::find(&args.suites)?.iter().map(|suite| load::prepare(suite, environment, &overrides)).collect())
}

/// Those that are asked for by their tags. A suite that cannot be read has none, and stays: its problems are told.
pub fn chosen(prepared: Vec<Prepared>, which: &Which) -> Result<Vec<Prepared>, Problem> {
    let tags_of = |prepared: &Prepared| prepared.ready.as_ref().map(|ready| ready.loaded.suite.tags.clone());
    let all: BTreeSet<String> = prepared.iter().filter_map(tags_of).flatten().collect();
    let chosen: Vec<Prepared> =
        prepared.into_iter().filter(|suite| tags_of(suite).is_none_or(|tags| which.takes(&tags))).collect();
    if !chosen.is_empty() {
        return Ok(chosen);
    }
    let there = all.iter().map(|tag| format!("`{tag}`")).collect::<Vec<_>>().join(", ");
    let help = if all.is_empty() {
        "no suite has a tag: write `tags: [smoke]` into one".into()
    } else {
        format!("there is {there}")
    };
    Err(Problem::error(format!("no suite is left by {}", which.words())).help(help))
}

impl Which {
    /// Is a suite with these tags run?
    fn takes(&self, tags: &[String]) -> bool {
        let has = |asked: &[String]| named(asked).any(|tag| tags.iter().any(|own| own == tag));
        (named(&self.tags).next().is_none() || has(&self.tags)) && !has(&self.skip_tags)
    }

    fn words(&self) -> String {
        let options = [("--tags", &self.tags), ("--skip-tags", &self.skip_tags)];
        let given = options.iter().filter(|(_, tags)| named(tags).next().is_some());
        let words = given.map(|(option, tags)| format!("`{option} {}`", named(tags).collect::<Vec<_>>().join(",")));
        words.collect::<Vec<_>>().join(" and ")
    }
}

/// Without the blanks of `a, b` and the nothing of `--tags ""`.
fn named(tags: &[String]) -> impl Iterator<Item = &str> {
    tags.iter().map(|tag| tag.trim()).filter(|tag| !tag.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::enabled::Enabled;

    #[test]
    fn tags_choose() {
        let check = |tags: &str, skip: &str, own: &[&str], expected: bool| {
            let list = |text: &str| text.split(',').map(str::to_owned).collect::<Vec<_>>();
            let which = Which { enabled: Enabled::Yes, tags: list(tags), skip_tags: list(skip), keep_going: false };
            let own: Vec<String> = own.iter().map(|tag| (*tag).to_owned()).collect();
            assert_eq!(which.takes(&own), expected, "--tags {tags:?} --skip-tags {skip:?} on {own:?}");
        };
        check("", "", &[], true);
        check("", "", &["soak"], true);
        check("smoke", "", &[], false);
        check("smoke", "", &["smoke", "chat"], true);
        check("smoke, load", "", &["load"], true);
        check("smoke", "", &["smokes"], false);
        check("", "soak", &["soak"], false);
        check("", "soak", &["load"], true);
        check("chat", "soak", &["chat", "soak"], false);
        check("chat,", "soak", &["chat"], true);
    }
}
