//! The plan of a made-up rotation, and what became of it on the resources.

use crate::plan::summary::{
    ContentionSummary, Needs, PlanSummary, PlannedTotals, ProofSummary, ProofVerdict, RuleRow, RuleStanding, StepTable,
};
use crate::record::overview::Overview;
use crate::units::{Duration, Moment};
use crate::verdict::outcome::{LaneEnd, LaneMark, Lanes, LanesOverview};

/// The step of the rotation.
const STEP: Duration = Duration::from_millis(1_106);

/// User `i` takes resource `(i + step) mod resources`.
pub(super) fn plan(users: u64, resources: u64) -> PlanSummary {
    let facts = [
        ("target", "http://127.0.0.1:4000/auction"),
        ("duration", "1 min 15 s"),
        ("stages", "ramp 10 s, steady 1 min, leave 5 s"),
        ("pattern", "rotate: every user takes the next resource at every step"),
        ("step", "1.106 s (auto: the shortest that keeps every cooldown)"),
    ];
    let row = |user: u64| {
        let cells = (0..14).map(|step| format!("lot-{}", (user + step) % resources)).collect();
        (format!("user {user}"), cells)
    };
    PlanSummary {
        facts: facts.map(|(label, value)| (label.to_owned(), value.to_owned())).into(),
        proof: proof(),
        contention: Some(ContentionSummary {
            fewest_users: users.min(resources),
            most_users: users.min(resources),
            pairs: users,
            possible_pairs: users * (users - 1),
            share: Some(1.0 / (users - 1) as f64),
            sampled: false,
            between: Some(Duration::from_nanos(1_050_700_000)),
            cooldown: Some(Duration::SECOND),
        }),
        totals: PlannedTotals {
            users,
            resources,
            actions_most: 1_238,
            actions_least: 1_212,
            actions_per_second: Some(users as f64 / STEP.as_secs_f64()),
            connects_per_second: 2,
            lifetimes: Some((Duration::from_secs(65), Duration::from_secs(75))),
        },
        needs: Needs { memory: (20 << 20) + users * (6 << 10), local_ports: users, open_files: users + 64 },
        warnings: vec!["every user always follows the same neighbour: 20 of 380 ordered pairs meet".into()],
        steps: Some(StepTable {
            columns: (0..14).map(|step| format!("step {step}")).collect(),
            rows: (0..users.min(20)).map(row).collect(),
            more: Some(if users > 20 {
                format!("… and {} more users", users - 20)
            } else {
                "… and 57 more steps".into()
            }),
        }),
    }
}

fn proof() -> ProofSummary {
    let margin = Duration::from_millis(50);
    let rule = |rule: &str, per: u64, declared: &str, gap: Duration| {
        let needed = Duration::from_millis(per) + margin;
        RuleRow {
            rule: rule.into(),
            count: 1,
            per: Duration::from_millis(per),
            declared: declared.into(),
            needed,
            gap: Some(gap),
            difference: Some(gap - needed),
            standing: RuleStanding::Kept,
            inside: None,
            exact: true,
        }
    };
    ProofSummary {
        verdict: ProofVerdict::Kept,
        sentence: "The plan keeps every cooldown, with 50.7 ms to spare (the margin of 50 ms is in it).".into(),
        step: Some(STEP),
        margin: Some(margin),
        slack: Some(Duration::from_micros(700)),
        rules: vec![
            rule("per_resource", 1_000, "1 s", Duration::from_nanos(1_050_700_000)),
            rule("per_user", 200, "200 ms", STEP),
        ],
    }
}

/// A run of so many steps on the resources, the first of them one by one: users come in a ramp, and now and then an action
/// goes wrong.
pub(super) fn lanes(users: u64, resources: u64, steps: [u64; 2], trouble: bool) -> Lanes {
    let [shown, all] = steps;
    let (mut marks, mut overview) = (Vec::new(), Overview::default());
    let mut left_out = 0;
    for number in 0..all {
        for user in 0..users.min(resources) {
            let phase = STEP.as_nanos() * (users - 1 - user) / users;
            let at = Moment::from_nanos(STEP.as_nanos() * number + phase + (user * 37 + number * 91) % 40 * 100_000);
            let end = match (user * 7 + number * 13) % 61 {
                3 | 29 if trouble => LaneEnd::Rejected,
                11 if trouble => LaneEnd::Late,
                17 if trouble => LaneEnd::Failed,
                _ if trouble && hard(number, all) && user % 3 == 0 => LaneEnd::Late,
                _ => LaneEnd::Accepted,
            };
            let lane = usize::try_from((user + number) % resources).unwrap_or_default();
            // Two users a second come.
            if user > 2 * at.second() {
                continue;
            }
            overview.count(lane, at, end);
            if number < shown {
                marks.push(LaneMark { at, lane, user, end });
            } else {
                left_out += 1;
            }
        }
    }
    marks.sort_by_key(|mark| mark.at);
    let columns = overview.reach((STEP * all).as_nanos() / 1_000_000_000) as u64 + 1;
    Lanes {
        resources: (0..resources).map(|number| format!("lot-{number}")).collect(),
        from: Moment::START,
        to: Moment::START + STEP * shown,
        marks,
        left_out,
        overview: LanesOverview {
            step: Duration::from_secs(overview.step()),
            columns,
            rows: overview.rows().to_vec(),
            ..LanesOverview::default()
        },
    }
}

/// In a tenth of the run the server is slow.
fn hard(step: u64, steps: u64) -> bool {
    (6..7).contains(&(step * 10 / steps))
}
