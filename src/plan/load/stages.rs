//! `stages`: as in k6, move to `target` users over `duration`. The first stage starts from none.

use super::Span;
use crate::plan::critic::Critic;
use crate::suite::problem::Path;
use crate::suite::schema;
use crate::units::Moment;

pub fn compile(load: &schema::Load, path: &Path, critic: &Critic<'_>) -> Vec<Span> {
    let path = path.key("stages");
    let mut spans: Vec<Span> = Vec::new();
    let (mut now, mut users) = (Moment::START, 0);
    for (index, stage) in load.stages.iter().flatten().enumerate() {
        let name = stage.name.clone().unwrap_or_else(|| format!("stage-{}", index + 1));
        if spans.iter().any(|span| span.name == name) {
            critic.error(&path.index(index), format!("two stages are named `{name}`"), "give each its own name");
        }
        let to = now + stage.duration;
        spans.push(Span { name, from: now, to, from_users: users, to_users: stage.target.0 });
        (now, users) = (to, stage.target.0);
    }
    if spans.iter().all(|span| span.to_users == 0) {
        critic.error(&path, "no stage has any user", "give one a `target` above 0");
    } else if now == Moment::START {
        critic.error(&path, "the stages last no time at all", "give one a `duration`");
    }
    spans
}
