//! From a suite as written to a plan, or to everything that is wrong with it.

use std::cell::RefCell;
use std::collections::BTreeSet;

use super::compile_scenario::{self, Ground};
use super::cooldown::Cooldown;
use super::credentials::{self, Credentials, Sources};
use super::critic::Critic;
use super::delivery::Deliveries;
use super::invariant::Invariant;
use super::language::{Names, Resource};
use super::message::Naming;
use super::once::Once;
use super::overrides::Overrides;
use super::rotation::{Acting, Floor};
use super::rows::Files;
use super::target::Target;
use super::{
    Plan, Scenario, compile_invariant, custom, delivery_thresholds, feed, label, once, raw, resource, rotation, target,
    threshold,
};
use crate::metrics::{Axes, ScenarioAxis};
use crate::secrets::Secrets;
use crate::suite::problem::{Path, Problems};
use crate::suite::read::Loaded;
use crate::suite::schema::{Map, Suite};
use crate::units::{Duration, Moment};

/// What compiling needs beside the suite.
pub struct Context<'a> {
    pub overrides: &'a Overrides,
    /// Reads a file that the suite names, relative to the suite.
    pub files: Files<'a>,
    /// URL of the built-in target, where it runs.
    pub built_in: Option<&'a str>,
    /// Used unless the overrides have one.
    pub seed: u64,
}

/// Compiles a suite. The plan is there exactly when no problem is an error; warnings come beside it.
pub fn compile(loaded: &Loaded, context: &Context<'_>) -> (Option<Plan>, Problems) {
    let mut suite = loaded.suite.clone();
    context.overrides.apply(&mut suite);
    let critic = Critic::new(&loaded.source);
    let root = Path::root();
    let used_environment = RefCell::default();
    let no_names = Names::of_no_scenario(&suite.vars, &loaded.environment, &used_environment);
    let mut secrets = loaded.secrets.clone();
    let (environment, allow) = (&loaded.environment, context.overrides.allow.as_slice());
    let beside = target::Beside { built_in: context.built_in, allow, environment, critic: &critic };
    let target = target::compile(&suite.target, &root.key("target"), &beside, &mut secrets);
    let (resources, resource_fields) = resources(&suite, &no_names, context, &critic);
    let seed = context.overrides.seed.unwrap_or(context.seed);
    let loads = compile_scenario::loads(&suite, seed, &critic);
    let users = loads.iter().map(|load| load.users()).sum();
    let sources = Sources { environment: &loaded.environment, files: context.files, critic: &critic };
    let credentials = credentials(&suite, users, &no_names, &sources, &mut secrets);
    let (feeds, feed_names) = feed::compile(&suite.feeds, context.files, &critic);
    let of_scenarios = no_names.of_scenarios(credentials.fields.clone(), resource_fields, &feed_names);
    let names = Names { files: Some(context.files), ..of_scenarios };
    let cooldown = suite.cooldown.as_ref().map(Cooldown::of);
    let (count, rows, force) = (resources.len() as u64, credentials.shared_rows(), context.overrides.force);
    let floor = Floor { suite: &suite, loads: &loads, resources: count, rows, cooldown, force, seed, critic: &critic };
    let (rotations, proof) = rotation::compile(&floor);
    let outside = Names::of_no_scenario(&suite.vars, &loaded.environment, &used_environment);
    let flows = flows(&floor, rotations, target.as_ref(), (&names, &outside), context.files);
    let Flows { scenarios, deliveries, invariants, axes, once, naming } = flows;
    let feeds = feed::settle(feeds, feed_names, &scenarios, &critic);
    let thresholds = threshold::compile(&suite.thresholds, &root.key("thresholds"), &axes, &critic);
    delivery_thresholds::check(&suite, &root.key("thresholds"), &deliveries, &axes, &critic);
    used_environment.borrow().iter().for_each(|value: &String| secrets.insert(value));
    let (name_line, problems) = (critic.place(&root.key("name")).line, critic.into_problems());
    let Some(target) = target.filter(|_| !problems.has_errors()) else { return (None, problems) };
    let plan = Plan {
        name: suite.name,
        description: suite.description,
        tags: suite.tags,
        file: loaded.source.file().to_path_buf(),
        name_line,
        seed,
        overrides: context.overrides.as_given(),
        target,
        naming,
        duration: duration(&scenarios),
        scenarios,
        resources,
        credentials,
        feeds,
        cooldown,
        forced: force && proof.as_ref().is_some_and(|proof| !proof.holds()),
        proof,
        deliveries,
        invariants,
        thresholds,
        once,
        axes,
        secrets,
    };
    (Some(plan), problems)
}

/// The resources, and the fields that they have beside their ids. Where they could not be read a stand-in takes their place,
/// with unknown fields: what follows from one mistake is not told as another.
fn resources(
    suite: &Suite,
    names: &Names<'_>,
    context: &Context<'_>,
    critic: &Critic<'_>,
) -> (Vec<Resource>, Option<BTreeSet<String>>) {
    let path = Path::root().key("resources");
    let Some(declared) = &suite.resources else { return (Vec::new(), Some(BTreeSet::new())) };
    let resources = resource::compile(declared, &path, names, context.files, critic);
    if resources.is_empty() {
        return (vec![Resource { index: 0, id: "?".into(), fields: Map::new() }], None);
    }
    let fields = resources.iter().flat_map(|resource| resource.fields.keys().cloned()).collect();
    (resources, Some(fields))
}

/// What users do, what that promises to others, what must hold of it, and what is done before and after.
struct Flows {
    scenarios: Vec<Scenario>,
    deliveries: Deliveries,
    invariants: Vec<Invariant>,
    axes: Axes,
    once: Once,
    naming: Naming,
}

/// `outside` are the names that exist outside of scenarios.
fn flows(
    floor: &Floor<'_>,
    rotations: Vec<Acting>,
    target: Option<&Target>,
    (names, outside): (&Names<'_>, &Names<'_>),
    files: Files<'_>,
) -> Flows {
    let (suite, critic, resources) = (floor.suite, floor.critic, floor.resources);
    let own = own(suite, critic);
    let ground = Ground::new(suite, names, critic, resources, target, &own, files);
    let mut scenarios = compile_scenario::compile(&ground, floor.loads.to_vec(), rotations);
    let axes = Axes { scenarios: axes(&scenarios), ..own.clone() };
    let once = once::compile(&ground, &axes);
    let deliveries = ground.promised.into_inner();
    let invariants = compile_invariant::compile(&suite.invariants, &mut scenarios, &deliveries, outside, critic);
    raw::check(suite, critic);
    let naming = raw::naming(&suite.target, outside, critic);
    Flows { scenarios, deliveries, invariants, axes, once, naming }
}

fn credentials(
    suite: &Suite,
    users: u64,
    names: &Names<'_>,
    sources: &Sources<'_>,
    secrets: &mut Secrets,
) -> Credentials {
    let path = Path::root().key("credentials");
    let compile = |written| credentials::compile(written, &path, users, names, sources, secrets);
    suite.credentials.as_ref().map_or_else(Credentials::none, compile)
}

/// From moment 0 until the last user stops acting.
fn duration(scenarios: &[Scenario]) -> Duration {
    scenarios.iter().map(|scenario| scenario.end()).max().unwrap_or_default().since(Moment::START)
}

/// What the suite itself asks to be kept, before it is known for which scenarios.
fn own(suite: &Suite, critic: &Critic<'_>) -> Axes {
    Axes { customs: custom::collect(suite, critic), labels: label::collect(suite), ..Axes::default() }
}

fn axes(scenarios: &[Scenario]) -> Vec<ScenarioAxis> {
    let axis = |scenario: &Scenario| ScenarioAxis {
        name: scenario.name.clone(),
        stages: scenario.stages.iter().map(|stage| stage.name.clone()).collect(),
        actions: scenario.actions.iter().map(|action| action.name.clone()).collect(),
    };
    scenarios.iter().map(axis).collect()
}
