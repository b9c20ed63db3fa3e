//! Rows of data that actions take: which row each gets is known before the run, from user, turn and place alone.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;

use serde_json::Value;

use super::Scenario;
use super::critic::Critic;
use super::language::Bindings;
use super::language::functions::{Draw, mix};
use super::rows::{self, Files};
use super::scenario::Rhythm;
use super::step::spot;
use crate::suite::problem::Path;
use crate::suite::schema::{self, Map};

/// Which row comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Take {
    /// One that nobody else has.
    Unique,
    /// The next one, and after the last the first.
    Cycle,
    Random,
}

/// The rows of one feed.
#[derive(Debug)]
pub struct Feed {
    pub name: String,
    pub take: Take,
    /// Objects.
    pub rows: Vec<Value>,
}

/// All feeds, and every step that takes rows of them.
#[derive(Debug, Default)]
pub struct Feeds {
    feeds: Vec<Feed>,
    takers: Vec<Taker>,
}

/// A step that takes one row of a feed each time.
#[derive(Debug)]
struct Taker {
    feed: usize,
    /// Before it in its program so many rows are taken.
    offset: u64,
    /// Lengths of the loops around, the outermost first.
    loops: Vec<u64>,
    numbering: Numbering,
}

/// How the runs of a program are numbered.
#[derive(Debug, Clone)]
struct Numbering {
    /// Rows that one run of the program takes.
    per_run: u64,
    runs: Runs,
    /// Number of the first row.
    first: u64,
    /// Of programs of which nobody knows how often they run, each takes one row in so many.
    stride: u64,
}

/// The runs of a program, counted.
#[derive(Debug, Clone)]
enum Runs {
    /// One for each user.
    OnePerUser,
    /// By user, for each of its stays: number of its first turn, and how many runs come before that.
    Turns(Vec<Vec<(u64, u64)>>),
    /// As they come, of so many users.
    Unknown { users: u64 },
}

/// Where a user stands, for the rows that its steps take.
#[derive(Debug, Clone, Copy)]
pub struct Taking<'a> {
    pub feeds: &'a Feeds,
    /// Of the turn, or of the handler; else 0.
    pub number: u64,
    /// Of the loops around, the outermost first.
    pub passes: &'a [u64],
}

impl<'a> Taking<'a> {
    /// The row that the step with that number takes. `None` when no row is left.
    #[must_use]
    pub fn row(&self, taker: usize, of: &Bindings<'_>) -> Option<&'a Value> {
        let taker = self.feeds.takers.get(taker)?;
        let feed = self.feeds.feeds.get(taker.feed)?;
        let rows = feed.rows.len() as u64;
        let row = match feed.take {
            Take::Random => {
                let place = spot(mix(taker.offset ^ mix(taker.numbering.first)), self.passes);
                Draw::new(of.seed, of.user, self.number, place).below(rows)
            }
            Take::Cycle => taker.row(of.user_in_scenario, self.number, self.passes) % rows.max(1),
            Take::Unique => taker.row(of.user_in_scenario, self.number, self.passes),
        };
        feed.rows.get(usize::try_from(row).ok()?)
    }
}

impl Taker {
    /// Counts the rows that all steps of all users take.
    fn row(&self, user: u64, number: u64, passes: &[u64]) -> u64 {
        let pass = self.loops.iter().zip(passes).fold(0, |pass, (length, at)| pass * length + at);
        let run = match &self.numbering.runs {
            Runs::OnePerUser => user,
            Runs::Unknown { users } => number.saturating_mul(*users) + user,
            Runs::Turns(users) => {
                let stays = usize::try_from(user).ok().and_then(|user| users.get(user));
                let stay = stays.and_then(|stays| stays.iter().rev().find(|(first, _)| *first <= number));
                stay.map_or(0, |(first, before)| before + number - first)
            }
        };
        let in_program = run.saturating_mul(self.numbering.per_run) + self.offset + pass;
        self.numbering.first + in_program.saturating_mul(self.numbering.stride)
    }
}

/// The feeds as names, and the steps that name them, while a plan is compiled.
#[derive(Debug, Default)]
pub struct FeedNames {
    /// Each with its fields; `None` where they could not be read.
    feeds: Vec<(String, Option<BTreeSet<String>>)>,
    drafts: RefCell<Vec<Draft>>,
    /// Scenario and place of each program.
    programs: RefCell<Vec<(usize, &'static str)>>,
    scenario: Cell<usize>,
    /// The step that is being compiled, and the lengths of the loops around it.
    step: RefCell<Option<(usize, Vec<u64>)>>,
    steps: Cell<usize>,
}

/// A step that names a feed.
#[derive(Debug)]
struct Draft {
    feed: usize,
    step: usize,
    program: usize,
    loops: Vec<u64>,
}

impl FeedNames {
    /// The scenario with that number is being compiled.
    pub fn begin_scenario(&self, scenario: usize) {
        self.scenario.set(scenario);
    }

    /// The steps of that place are being compiled.
    pub fn begin_program(&self, place: &'static str) {
        self.programs.borrow_mut().push((self.scenario.get(), place));
    }

    /// Begins a step under loops of those lengths; gives back what to hand to `end_step`.
    pub fn begin_step(&self, loops: &[u64]) -> Option<(usize, Vec<u64>)> {
        self.steps.set(self.steps.get() + 1);
        self.step.borrow_mut().replace((self.steps.get(), loops.to_vec()))
    }

    pub fn end_step(&self, outer: Option<(usize, Vec<u64>)>) {
        *self.step.borrow_mut() = outer;
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.feeds.iter().map(|(name, _)| name.as_str())
    }

    /// The fields of a feed's rows, as far as they are known.
    #[must_use]
    pub fn fields(&self, feed: &str) -> Option<&BTreeSet<String>> {
        self.feeds.iter().find(|(name, _)| name == feed)?.1.as_ref()
    }

    /// The number of what takes a row of that feed in the step that is being compiled: one row a step, wherever it is named.
    /// `None` outside of steps.
    #[must_use]
    pub fn taker(&self, feed: &str) -> Option<usize> {
        let feed = self.feeds.iter().position(|(name, _)| name == feed)?;
        let (step, loops) = self.step.borrow().clone()?;
        let mut drafts = self.drafts.borrow_mut();
        let known = drafts.iter().position(|draft| (draft.feed, draft.step) == (feed, step));
        Some(known.unwrap_or_else(|| {
            let program = self.programs.borrow().len().saturating_sub(1);
            drafts.push(Draft { feed, step, program, loops });
            drafts.len() - 1
        }))
    }
}

/// Reads the files of all feeds.
pub fn compile(feeds: &Map<schema::Feed>, files: Files<'_>, critic: &Critic<'_>) -> (Vec<Feed>, FeedNames) {
    let mut compiled = Vec::new();
    let mut names = FeedNames::default();
    for (name, feed) in feeds {
        let path = Path::root().key("feeds").key(name.as_str()).key("file");
        let rows = rows::from_file(&feed.file, &path, files, critic);
        let fields: BTreeSet<String> = rows.iter().flat_map(|row| row.keys().cloned()).collect();
        names.feeds.push((name.clone(), (!rows.is_empty()).then_some(fields)));
        let take = match feed.take.as_deref() {
            Some("unique") => Take::Unique,
            Some("random") => Take::Random,
            _ => Take::Cycle,
        };
        let rows = rows.into_iter().map(|row| Value::Object(row.into_iter().collect())).collect();
        compiled.push(Feed { name: name.clone(), take, rows });
    }
    (compiled, names)
}

/// Numbers the rows, and says where a feed has too few.
#[must_use]
pub fn settle(feeds: Vec<Feed>, names: FeedNames, scenarios: &[Scenario], critic: &Critic<'_>) -> Feeds {
    let (drafts, programs) = (names.drafts.into_inner(), names.programs.into_inner());
    let mut takers: Vec<(usize, Taker)> = Vec::new();
    for (number, feed) in feeds.iter().enumerate() {
        let of_feed: Vec<(usize, &Draft)> =
            drafts.iter().enumerate().filter(|(_, draft)| draft.feed == number).collect();
        let mut used: Vec<usize> = of_feed.iter().map(|(_, draft)| draft.program).collect();
        used.dedup();
        let runs = used.into_iter().map(|program| {
            let (scenario, place) = programs[program];
            (program, runs(&scenarios[scenario], place))
        });
        let (known, unknown): (Vec<_>, Vec<_>) = runs.partition(|(_, (_, count))| count.is_some());
        let (mut needed, stride) = (0_u64, unknown.len() as u64);
        for (program, (runs, count)) in known {
            let numbering = Numbering { per_run: 0, runs, first: needed, stride: 1 };
            let per_run = number_takers(&mut takers, &of_feed, program, numbering);
            needed = needed.saturating_add(count.unwrap_or(0).saturating_mul(per_run));
        }
        for (place, (program, (runs, _))) in (0..).zip(unknown) {
            let numbering = Numbering { per_run: 0, runs, first: needed + place, stride };
            number_takers(&mut takers, &of_feed, program, numbering);
        }
        let rows = feed.rows.len() as u64;
        if feed.take == Take::Unique && rows > 0 && needed > rows {
            let path = Path::root().key("feeds").key(feed.name.as_str());
            let what = format!("`{}` has {rows} rows, and the plan needs {needed}", feed.name);
            critic.error(&path, what, "add rows, lower the load, or write `take: cycle`");
        }
    }
    takers.sort_by_key(|(draft, _)| *draft);
    Feeds { feeds, takers: takers.into_iter().map(|(_, taker)| taker).collect() }
}

/// Numbers the steps of a program that take rows of a feed, and says how many one run of it takes.
fn number_takers(
    takers: &mut Vec<(usize, Taker)>,
    of_feed: &[(usize, &Draft)],
    program: usize,
    numbering: Numbering,
) -> u64 {
    let own: Vec<(usize, &Draft)> = of_feed.iter().copied().filter(|(_, draft)| draft.program == program).collect();
    let lengths = own.iter().map(|(_, draft)| draft.loops.iter().product::<u64>());
    let per_run = lengths.clone().fold(0, u64::saturating_add);
    let mut offset = 0;
    for ((draft, Draft { feed, loops, .. }), length) in own.iter().copied().zip(lengths) {
        let numbering = Numbering { per_run, ..numbering.clone() };
        takers.push((draft, Taker { feed: *feed, offset, loops: loops.clone(), numbering }));
        offset += length;
    }
    per_run
}

/// The runs of a scenario's program, and how many there are at most, where that is known.
fn runs(scenario: &Scenario, place: &str) -> (Runs, Option<u64>) {
    match (place, scenario.rhythm) {
        ("act", Rhythm::Step { .. }) => {
            let (mut users, mut runs) = (vec![Vec::new(); usize::try_from(scenario.users).unwrap_or(0)], 0);
            for stay in &scenario.presences {
                let first = scenario.first_turn(stay.user, stay.slot);
                let Some(stays) = usize::try_from(stay.user).ok().and_then(|user| users.get_mut(user)) else {
                    continue;
                };
                stays.push((first, runs));
                runs += scenario.end_turn(stay.user, stay.until).saturating_sub(first);
            }
            (Runs::Turns(users), Some(runs))
        }
        ("act" | "on", _) => (Runs::Unknown { users: scenario.users }, None),
        _ => (Runs::OnePerUser, Some(scenario.users)),
    }
}
