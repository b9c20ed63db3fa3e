//! Over which transports users reach the server, and which share of them takes which way.

use std::sync::Arc;

use super::critic::Critic;
use crate::protocol::Protocol;
use crate::suite::advice::closest;
use crate::suite::problem::Path;
use crate::suite::schema;
use crate::units::Percent;

/// How the frames of a user go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Way {
    /// Over WebSocket from the start, as most load tests do.
    #[default]
    WebSocket,
    /// By HTTP long-polling to the end.
    Polling,
    /// By polling at first, then over WebSocket, as browsers do.
    Upgrade,
}

/// Which users take which way.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Transports {
    /// The ways of the first users; then it begins anew. Empty where all have a WebSocket.
    period: Arc<[Way]>,
}

/// What 100 % are, so that shares with four digits behind the point are exact.
const WHOLE: u64 = 1_000_000;

impl Transports {
    /// The way of the user with that index in the suite.
    #[must_use]
    pub fn way(&self, user: u64) -> Way {
        let at = user.checked_rem(self.period.len() as u64).and_then(|at| usize::try_from(at).ok());
        at.and_then(|at| self.period.get(at).copied()).unwrap_or_default()
    }

    /// Does any user begin by polling?
    #[must_use]
    pub fn polls(&self) -> bool {
        self.period.iter().any(|way| *way != Way::WebSocket)
    }

    fn all(way: Way) -> Self {
        if way == Way::WebSocket { Self::default() } else { Self { period: Arc::from([way]) } }
    }

    /// Users of each way as evenly between the others as can be: after any number of users each way is less than one user
    /// away from its share of the weight, and at the end of the period exactly there.
    fn shared(mut weights: [(Way, u64); 3]) -> Self {
        let divisor = weights.iter().fold(0, |divisor, (_, weight)| gcd(divisor, *weight)).max(1);
        weights.iter_mut().for_each(|(_, weight)| *weight /= divisor);
        let length = weights.iter().map(|(_, weight)| *weight).sum::<u64>();
        let mut credit = [0_i64; 3];
        let next = |_| {
            let most = (0..weights.len()).rev().max_by_key(|way| {
                credit[*way] += weights[*way].1 as i64;
                credit[*way]
            });
            let chosen = most.unwrap_or_default();
            credit[chosen] -= length as i64;
            weights[chosen].0
        };
        Self { period: (0..length).map(next).collect() }
    }
}

const fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// The transports as written. What cannot be is told, and WebSocket takes its place.
#[must_use]
pub fn compile(
    written: Option<&schema::Transports>,
    protocol: Option<&Protocol>,
    path: &Path,
    critic: &Critic<'_>,
) -> Transports {
    let transports = match written {
        None => return Transports::default(),
        Some(schema::Transports::List(names)) => listed(names, path, critic),
        Some(schema::Transports::Shares(shares)) => shared(shares, path, critic),
    };
    if transports.polls() && protocol.is_some_and(|protocol| protocol.engine.is_none()) {
        critic.error(
            path,
            "only Socket.IO has polling; a raw WebSocket knows no other transport",
            "leave out `transports`, or set `protocol: socket.io`",
        );
    }
    transports
}

const EXAMPLE: &str =
    "write `[websocket]`, `[polling]` or `[polling, websocket]`, or shares such as `{ websocket: 80%, polling: 20% }`";

fn listed(names: &[String], path: &Path, critic: &Critic<'_>) -> Transports {
    const KNOWN: [&str; 2] = ["websocket", "polling"];
    let mut wrong = false;
    for (index, name) in names.iter().enumerate().filter(|(_, name)| !KNOWN.contains(&name.as_str())) {
        wrong = true;
        let help = match closest(name, KNOWN.into_iter()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "there is `websocket` and `polling`".to_owned(),
        };
        critic.error(&path.index(index), format!("unknown transport `{name}`"), help);
    }
    if wrong {
        return Transports::default();
    }
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    match names.as_slice() {
        ["websocket"] => Transports::all(Way::WebSocket),
        ["polling"] => Transports::all(Way::Polling),
        ["polling", "websocket"] => Transports::all(Way::Upgrade),
        ["websocket", "polling"] => {
            let what = "polling as the way out when WebSocket fails is not done: it would hide the failure";
            critic.error(
                path,
                what,
                "write `[websocket]`, or `[polling, websocket]` to begin by polling as browsers do",
            );
            Transports::default()
        }
        [] => {
            critic.error(path, "no transport is named", EXAMPLE);
            Transports::default()
        }
        _ => {
            critic.error(path, "a transport stands here twice", EXAMPLE);
            Transports::default()
        }
    }
}

fn shared(shares: &schema::TransportShares, path: &Path, critic: &Critic<'_>) -> Transports {
    let weight = |share: Option<Percent>| share.map_or(0, |share| (share.0 * WHOLE as f64).round() as u64);
    let weights = [
        (Way::WebSocket, weight(shares.websocket)),
        (Way::Upgrade, weight(shares.upgrade)),
        (Way::Polling, weight(shares.polling)),
    ];
    let sum = weights.iter().map(|(_, weight)| weight).sum::<u64>();
    if sum != WHOLE {
        let sum = Percent(sum as f64 / WHOLE as f64);
        critic.error(path, format!("the shares come to {sum}"), "make them 100% together");
        return Transports::default();
    }
    Transports::shared(weights)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suite::source::Source;

    fn check(weights: [u64; 3], users: u64, expected: [u64; 3]) {
        let [websocket, upgrade, polling] = weights;
        let ways = [(Way::WebSocket, websocket), (Way::Upgrade, upgrade), (Way::Polling, polling)];
        let transports = Transports::shared(ways);
        let mut counts = [0; 3];
        for user in 0..users {
            let way = transports.way(user);
            counts[ways.iter().position(|(known, _)| *known == way).unwrap()] += 1;
            for ((_, weight), count) in ways.iter().zip(counts) {
                let off = count as f64 - (user + 1) as f64 * *weight as f64 / weights.iter().sum::<u64>() as f64;
                assert!(off.abs() < 1.0, "{weights:?}: {counts:?} after {} users", user + 1);
            }
        }
        assert_eq!(counts, expected, "{weights:?}");
    }

    #[test]
    fn shares_are_exact() {
        check([800_000, 150_000, 50_000], 100, [80, 15, 5]);
        check([800_000, 150_000, 50_000], 20, [16, 3, 1]);
        check([800_000, 150_000, 50_000], 10_000, [8_000, 1_500, 500]);
        check([0, 0, 1_000_000], 7, [0, 0, 7]);
        check([333_300, 333_300, 333_400], 10_000, [3_333, 3_333, 3_334]);
        check([995_000, 5_000, 0], 200, [199, 1, 0]);
        check([1_000_000, 0, 0], 3, [3, 0, 0]);
    }

    #[test]
    fn a_raw_websocket_has_no_other_transport() {
        let raw = Protocol { engine: None, ..crate::protocol::PROTOCOLS[0] };
        let (source, _) = Source::parse("suite.yaml", "target: { transports: [polling, websocket] }");
        let path = Path::root().key("target").key("transports");
        let names = |names: &[&str]| schema::Transports::List(names.iter().map(ToString::to_string).collect());
        for (written, wrong) in [(&["polling", "websocket"][..], true), (&["polling"], true), (&["websocket"], false)] {
            let critic = Critic::new(&source);
            let transports = compile(Some(&names(written)), Some(&raw), &path, &critic);
            assert_eq!(transports.polls(), wrong, "{written:?}");
            let problems = critic.into_problems();
            assert_eq!(problems.has_errors(), wrong, "{written:?}: {problems:?}");
            assert!(problems.0.iter().all(|problem| problem.what.contains("raw WebSocket")), "{problems:?}");
        }
    }

    #[test]
    fn without_shares_all_go_one_way() {
        for way in [Way::WebSocket, Way::Polling, Way::Upgrade] {
            let transports = Transports::all(way);
            assert_eq!((transports.way(0), transports.way(u64::MAX)), (way, way));
            assert_eq!(transports.polls(), way != Way::WebSocket);
        }
    }
}
