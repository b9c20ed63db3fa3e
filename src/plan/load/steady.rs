//! `users` and `duration`: all from the start to the end.

use super::Span;
use crate::plan::critic::Critic;
use crate::suite::problem::Path;
use crate::suite::schema;
use crate::units::Moment;

/// The name of the one stage.
const NAME: &str = "steady";

pub fn compile(load: &schema::Load, path: &Path, critic: &Critic<'_>) -> Vec<Span> {
    let (Some(users), Some(duration)) = (load.users, load.duration) else {
        let missing = if load.users.is_none() { "users" } else { "duration" };
        if !critic.is_written(&path.key(missing)) {
            critic.error(path, format!("`{missing}` is missing"), "write both, as `{ users: 20, duration: 1m }`");
        }
        return Vec::new();
    };
    if users.0 == 0 {
        critic.error(&path.key("users"), "a load of no users does nothing", "write a number above 0");
    }
    if duration.is_zero() {
        critic.error(&path.key("duration"), "a load of no time does nothing", "write a duration such as `1m`");
    }
    let start = Moment::START;
    let span = |from_users, to| Span { name: NAME.into(), from: start, to, from_users, to_users: users.0 };
    // The jump to all users is its own moment; reports know only the one stage.
    vec![span(0, start), span(users.0, start + duration)]
}
