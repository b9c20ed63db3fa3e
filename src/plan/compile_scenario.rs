//! From scenarios as written to scenarios compiled.

use std::cell::RefCell;

use super::compile_delivery::none_yet;
use super::compile_step::{Found, Steps, heard, saved_names};
use super::critic::Critic;
use super::delivery::Deliveries;
use super::language::answer::AnswerKind;
use super::language::functions::mix;
use super::language::{Expression, Names, Place, Text};
use super::load::{self, Course};
use super::rotation::Acting;
use super::scenario::{Action, Backoff, Connect, Heard, Rhythm, Scenario, stages};
use super::step::{Operation, Program};
use super::target::Target;
use super::{compile_meeting, compile_namespaces};
use crate::metrics::Axes;
use crate::suite::problem::Path;
use crate::suite::scalar::Switchable;
use crate::suite::schema::{self, Map, Suite};
use crate::units::{Duration, Rate};

const DEFAULT_CONNECT_WITHIN: Duration = Duration::from_secs(10);
const DEFAULT_RATE: Rate = Rate::per_second(50.0);
const DEFAULT_BACKOFF: Backoff =
    Backoff { wait: Duration::from_secs(1), max: Duration::from_secs(5), factor: 2.0, jitter: 0.5 };

/// The loads of all scenarios, in the order of the file.
pub fn loads(suite: &Suite, seed: u64, critic: &Critic<'_>) -> Vec<Course> {
    let scenarios = Path::root().key("scenarios");
    let compile = |(number, (name, scenario)): (u64, (&String, &schema::Scenario))| {
        // Arrivals of two scenarios are not to fall together.
        let seed = mix(seed ^ mix(number));
        let path = scenarios.key(name.as_str());
        let Some(size) = group_size(scenario, &path, critic) else {
            return load::compile(&scenario.load, &path.key("load"), seed, critic);
        };
        load::groups::check(&scenario.load, size, &path.key("load"), critic);
        let load = load::groups::arriving(&scenario.load, size);
        load::compile(&load, &path.key("load"), seed, critic).in_groups(size)
    };
    (0..).zip(&suite.scenarios).map(compile).collect()
}

/// How many users make a group, where users are put together.
fn group_size(scenario: &schema::Scenario, path: &Path, critic: &Critic<'_>) -> Option<u64> {
    let size = scenario.group?.size.0;
    if size == 0 {
        critic.error(&path.key("group").key("size"), "a group of nobody does nothing", "write how many users it has");
    }
    (size > 0).then_some(size)
}

/// What all scenarios stand on.
pub struct Ground<'a> {
    pub suite: &'a Suite,
    pub names: &'a Names<'a>,
    pub critic: &'a Critic<'a>,
    pub resources: u64,
    pub target: Option<&'a Target>,
    /// The deliveries found so far, of all scenarios.
    pub promised: RefCell<Deliveries>,
    /// The metrics and labels of the suite's own.
    pub own: &'a Axes,
}

impl<'a> Ground<'a> {
    pub fn new(
        suite: &'a Suite,
        names: &'a Names<'a>,
        critic: &'a Critic<'a>,
        resources: u64,
        target: Option<&'a Target>,
        own: &'a Axes,
    ) -> Self {
        let promised = RefCell::new(none_yet(suite));
        Self { suite, names, critic, resources, target, promised, own }
    }
}

/// All scenarios, in the order of the file.
pub fn compile(ground: &Ground<'_>, loads: Vec<Course>, acting: Vec<Acting>) -> Vec<Scenario> {
    let mut first_user = 0;
    let mut compiled = Vec::new();
    for (((name, scenario), load), acting) in ground.suite.scenarios.iter().zip(loads).zip(acting) {
        let users = load.users();
        ground.names.feeds.into_iter().for_each(|feeds| feeds.begin_scenario(compiled.len()));
        compiled.push(one(ground, (compiled.len(), name), scenario, load, acting, first_user));
        first_user += users;
    }
    compile_meeting::somebody_shares(ground.suite, ground.critic);
    compile_meeting::turns_agree(&compiled, ground.critic);
    compile_meeting::barriers_open(&compiled, ground.critic);
    listen(&mut compiled, &ground.promised.borrow());
    compiled
}

/// Whoever has a connection listens for every delivery of every scenario.
fn listen(scenarios: &mut [Scenario], promised: &Deliveries) {
    for scenario in scenarios.iter_mut().filter(|scenario| scenario.connect.socket) {
        for (number, listener) in promised.listeners.iter().enumerate() {
            let Some(namespace) = listener.namespace_in(&scenario.connect.namespaces) else { continue };
            let event = Heard::of(&mut scenario.events, namespace, &listener.event);
            scenario.events[event].listeners.push(number);
        }
    }
}

fn one(
    ground: &Ground<'_>,
    (number, name): (usize, &str),
    scenario: &schema::Scenario,
    load: Course,
    acting: Acting,
    first_user: u64,
) -> Scenario {
    let (critic, path) = (ground.critic, Path::root().key("scenarios").key(name));
    let places = [&scenario.login, &scenario.setup, &scenario.act, &scenario.teardown].map(Vec::as_slice);
    let places = places.into_iter().chain(scenario.on.values().map(Vec::as_slice));
    let names = Names {
        saved: saved_names(places),
        user_fields: ground.names.user_fields.clone(),
        resource_fields: ground.names.resource_fields.clone(),
        grouped: scenario.group.is_some(),
        ..*ground.names
    };
    let keeps_one = acting.rotation.is_some_and(|rotation| rotation.pattern.fixed_resource);
    let Programs { login, setup, act, teardown, events, actions } =
        programs(ground, number, scenario, &names, acting, &path);
    waits_somewhere(acting, &act, &path, critic);
    one_action_a_turn(acting, &actions, &act, &path, critic);
    leaves_before_it_returns(&act, &path, critic);
    let rate = scenario.connect.how().and_then(|how| how.rate).unwrap_or(DEFAULT_RATE);
    let connect = connect(ground, scenario, &names, &path, keeps_one);
    let mut presences = load.presences(rate);
    presences.sort_by_key(|presence| (presence.user, presence.slot));
    Scenario {
        name: name.to_owned(),
        line: critic.place(&path).line,
        users: load.users(),
        first_user,
        group: scenario.group.map(|group| group.size.0.max(1)),
        meets: scenario.group.is_some() || [&login, &setup, &act].into_iter().any(Program::meets),
        stages: stages(&load.spans),
        presences,
        ready_within: login.longest(ground.resources) + connect.within + setup.longest(ground.resources),
        turn_within: act.longest(ground.resources),
        headers: headers(ground, &names, keeps_one),
        connect,
        login,
        setup,
        act,
        teardown,
        events,
        actions,
        rhythm: acting.rhythm,
        rotation: acting.rotation,
        reconnect: backoff(scenario.reconnect.as_ref()),
        late: acting.late,
        continue_on_failure: scenario.on_failure.as_deref() == Some("continue"),
        saved_names: names.saved.len(),
        resources: ground.resources,
        most_turns: None,
    }
}

struct Programs {
    login: Program,
    setup: Program,
    act: Program,
    teardown: Program,
    events: Vec<Heard>,
    actions: Vec<Action>,
}

fn programs(
    ground: &Ground<'_>,
    number: usize,
    scenario: &schema::Scenario,
    names: &Names<'_>,
    acting: Acting,
    path: &Path,
) -> Programs {
    let keeps_one = acting.rotation.is_some_and(|rotation| rotation.pattern.fixed_resource);
    let events = RefCell::default();
    let (how, namespaces) = (scenario.connect.how(), compile_namespaces::written(ground, scenario));
    let program = |place: &'static str, steps: &[schema::Step], path: &Path, back_within: Duration| {
        let bound = keeps_one || place == "act" && acting.rotation.is_some();
        let mut compiler = Steps::new(names, ground.critic, place, bound, ground.resources, &events, &ground.promised);
        (compiler.scenario, compiler.memberships) = (number, ground.promised.borrow().memberships);
        (compiler.socket, compiler.back_within) = (how.is_some(), back_within);
        (compiler.customs, compiler.labels) = (&ground.own.customs, &ground.own.labels);
        compiler.namespaces = &namespaces;
        let program = compiler.compile(steps, path);
        (program, compiler.actions)
    };
    let (login, ..) = program("login", &scenario.login, &path.key("login"), Duration::ZERO);
    let (setup, ..) = program("setup", &scenario.setup, &path.key("setup"), Duration::ZERO);
    let within = how.and_then(|how| how.within).unwrap_or(DEFAULT_CONNECT_WITHIN);
    let back_within = within + setup.longest(ground.resources);
    let (act, found) = program("act", &scenario.act, &path.key("act"), back_within);
    let (teardown, ..) = program("teardown", &scenario.teardown, &path.key("teardown"), Duration::ZERO);
    if let (None, Some((event, _))) = (how, scenario.on.first()) {
        let what = "`on` needs a connection, and the scenario has `connect: none`";
        ground.critic.error_at_key(&path.key("on").key(event.as_str()), what, "let the users connect");
    }
    for (event, steps) in &scenario.on {
        let path = path.key("on").key(event.as_str());
        let (handler, _) = program("on", steps, &path, Duration::ZERO);
        let (namespace, event) = compile_namespaces::event_of_key(event, &namespaces, &path, ground.critic);
        let number = heard(&events, namespace, event);
        events.borrow_mut()[number].handler = Some(handler);
    }
    let per_turn = act.actions(found.len(), ground.resources);
    let action = |(found, per_turn): (Found, u64)| {
        let Found { name, line, conditional } = found;
        Action { name, line, per_turn, conditional }
    };
    let actions = found.into_iter().zip(per_turn).map(action).collect();
    Programs { login, setup, act, teardown, events: events.into_inner(), actions }
}

fn waits_somewhere(acting: Acting, act: &Program, path: &Path, critic: &Critic<'_>) {
    if acting.rhythm == Rhythm::ClosedLoop && !act.is_empty() && !act.waits() {
        let what = "a closed loop that never waits would send without end";
        critic.error(&path.key("every"), what, "ask for an `ack`, or add a `pause`");
    }
}

/// A user that is connected has nowhere to come back from.
fn leaves_before_it_returns(act: &Program, path: &Path, critic: &Critic<'_>) {
    let has = |is: fn(&Operation) -> bool| act.operations.iter().any(is);
    if has(|step| matches!(step, Operation::Reconnect { .. }))
        && !has(|step| matches!(step, Operation::Disconnect { .. }))
    {
        let what = "`reconnect` comes back after a `disconnect`, and no step of `act` has one";
        critic.error_at_key(&path.key("act"), what, "put `disconnect: clean` or `disconnect: abort` before it");
    }
}

/// Cooldowns are held against the first action of a turn: others need pauses that keep the gaps.
fn one_action_a_turn(acting: Acting, actions: &[Action], act: &Program, path: &Path, critic: &Critic<'_>) {
    let count: u64 = actions.iter().map(|action| action.per_turn).sum();
    if acting.held && count > 1 && !act.pauses() {
        critic.warning(
            &path.key("act"),
            format!("a turn has {count} actions, and the cooldowns are held against the first of them only"),
            "put a `pause` between them that keeps the gaps",
        );
    }
}

fn backoff(reconnect: Option<&Switchable<schema::Reconnect>>) -> Option<Backoff> {
    match reconnect {
        Some(Switchable::Off) => None,
        None => Some(DEFAULT_BACKOFF),
        Some(Switchable::On(reconnect)) => Some(Backoff {
            wait: reconnect.wait.unwrap_or(DEFAULT_BACKOFF.wait),
            max: reconnect.max.unwrap_or(DEFAULT_BACKOFF.max.max(reconnect.wait.unwrap_or_default())),
            factor: reconnect.factor.map_or(DEFAULT_BACKOFF.factor, |factor| factor.0),
            jitter: reconnect.jitter.map_or(DEFAULT_BACKOFF.jitter, |jitter| jitter.0),
        }),
    }
}

fn texts(
    ground: &Ground<'_>,
    names: &Names<'_>,
    keeps_one: bool,
    key: &str,
    map: &Map<serde_json::Value>,
) -> Vec<(String, Text)> {
    let none = RefCell::default();
    let compiler = Steps::new(names, ground.critic, "connect", keeps_one, ground.resources, &none, &ground.promised);
    compiler.texts(map, &Path::root().key("target").key(key), Place { resource: keeps_one, ..Place::USER })
}

fn headers(ground: &Ground<'_>, names: &Names<'_>, keeps_one: bool) -> Vec<(String, Text)> {
    texts(ground, names, keeps_one, "headers", &ground.suite.target.headers)
}

fn connect(
    ground: &Ground<'_>,
    scenario: &schema::Scenario,
    names: &Names<'_>,
    path: &Path,
    keeps_one: bool,
) -> Connect {
    let place = Place { resource: keeps_one, ..Place::USER };
    let text = |template: &str, path: &Path| {
        let compiled = Text::compile(template, &path.to_string(), names, place);
        compiled.map_err(|unknown| ground.critic.unknown(path, unknown)).unwrap_or_else(|()| Text::constant(""))
    };
    let target = Path::root().key("target");
    let socket_path = ground.target.map_or("/socket.io/", |target| target.path.as_str());
    let mut query: Vec<(String, Text)> = ground
        .target
        .iter()
        .flat_map(|target| &target.query)
        .map(|(key, value)| (key.clone(), Text::constant(value.as_str())))
        .collect();
    query.extend(texts(ground, names, keeps_one, "query", &ground.suite.target.query));
    let how = scenario.connect.how();
    Connect {
        path: text(socket_path, &target.key("path")),
        namespaces: compile_namespaces::compile(ground, scenario, names, path, place),
        query,
        headers: headers(ground, names, keeps_one),
        within: how.and_then(|how| how.within).unwrap_or(DEFAULT_CONNECT_WITHIN),
        socket: how.is_some(),
        refused: how.and_then(|how| refused(ground, scenario, how, names, path, place)),
    }
}

/// Users whom the server is to refuse do nothing else.
fn refused(
    ground: &Ground<'_>,
    scenario: &schema::Scenario,
    how: &schema::Connect,
    names: &Names<'_>,
    path: &Path,
    place: Place,
) -> Option<Expression> {
    let at = path.key("connect").key("refused");
    let steps = [("setup", &scenario.setup), ("act", &scenario.act), ("teardown", &scenario.teardown)];
    let (key, _) = steps.into_iter().find(|(_, steps)| !steps.is_empty()).unzip();
    if let (Some(key), Some(_)) = (key, &how.refused) {
        let what = format!("users that the server refuses never come to `{key}`");
        ground.critic.error_at_key(&path.key(key), what, "make a scenario of its own for those that are refused");
    }
    match how.refused.as_ref()? {
        schema::Expression::Constant(flag) => Some(Expression::Constant((*flag).into())),
        schema::Expression::Text(text) => {
            let compiled = Expression::compile(text, &at.to_string(), names, place.with_answer(AnswerKind::Refusal));
            compiled.map_err(|unknown| ground.critic.unknown(&at, unknown)).ok()
        }
    }
}
