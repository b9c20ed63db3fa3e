//! A made-up course of a run, second by second.

use crate::verdict::outcome::{Point, Totals};

/// How a made-up run goes: users ramp up, stay and leave; in the seconds of `trouble` the server stalls.
pub(super) struct Wave {
    pub seconds: u64,
    pub peak: u64,
    pub ramp: u64,
    pub leave: u64,
    /// Seconds between two actions of a user.
    pub every: f64,
    pub trouble: std::ops::Range<u64>,
    pub depth: f64,
}

impl Wave {
    pub fn points(&self) -> Vec<Point> {
        let mut due = 0.0;
        (0..self.seconds)
            .map(|second| {
                let users = self.users(second);
                let before = due;
                due += users as f64 / self.every;
                self.point(second, users, (due.floor() - before.floor()) as u64)
            })
            .collect()
    }

    fn users(&self, second: u64) -> u64 {
        let up = self.peak * (second + 1).min(self.ramp) / self.ramp;
        let left = self.seconds - 1 - second;
        let users = up.min(self.peak * left.min(self.leave) / self.leave);
        // One user is lost when the stall is at its worst and comes back.
        users - u64::from(self.trouble.contains(&second) && self.trouble.start + 5 == second)
    }

    fn point(&self, second: u64, users: u64, due: u64) -> Point {
        let bad = self.trouble.contains(&second);
        let middle = (self.trouble.start + self.trouble.end) as f64 / 2.0;
        let half = (self.trouble.end - self.trouble.start) as f64 / 2.0;
        let pain =
            if bad { self.depth * (1.0 - ((second as f64 + 0.5 - middle) / half).powi(2)).max(0.0) } else { 0.0 };
        let portion = |share: f64| ((due as f64 * share) + noise(second, 7) * 0.9).floor() as u64;
        let timeout = if bad { portion(0.18 * pain) } else { 0 };
        let rejected = if self.depth > 0.0 { (portion(0.012) + portion(0.10 * pain)).min(due - timeout) } else { 0 };
        let disconnected = u64::from(bad && self.trouble.start + 5 == second).min(due - timeout - rejected);
        let not_sent = (2 * disconnected).min(due - timeout - rejected - disconnected);
        let p50 = 31.0 + 8.0 * noise(second, 1) + 210.0 * pain;
        let p95 = p50 * 1.9 + 24.0 * noise(second, 2) + 260.0 * pain;
        let answered = due > timeout + disconnected + not_sent;
        Point {
            second,
            users,
            ok: due - rejected - timeout - disconnected - not_sent,
            rejected,
            failed: 0,
            timeout,
            disconnected,
            not_sent,
            disconnects: disconnected,
            errors: disconnected,
            ack_p50: answered.then_some(round(p50)),
            ack_p95: answered.then_some(round(p95.min(990.0))),
            ack_p99: answered.then_some(round((p95 * 1.25 + 14.0 * noise(second, 3)).min(1_000.0))),
            received: (due - rejected - timeout - disconnected - not_sent) * users,
            delivery_p50: answered.then_some(round(p50 * 0.62 + 5.0 * noise(second, 5))),
            delivery_p95: answered.then_some(round((p95 * 0.8).min(940.0))),
            delivery_p99: answered.then_some(round((p95 * 1.1 + 20.0 * noise(second, 6)).min(980.0))),
            cpu: Some(
                round(100.0 * (0.035 + 0.004 * users as f64 / self.peak as f64 + 0.02 * noise(second, 4))) / 100.0,
            ),
            memory: Some(18_400_000 + users * 24_000 + second * 300),
        }
    }
}

/// Between 0 and 1, always the same for the same second and salt.
fn noise(second: u64, salt: u64) -> f64 {
    let mut x = second.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ salt.wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((x ^ (x >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
}

/// To three digits after the point, as a histogram would give it.
pub(super) fn round(value: f64) -> f64 {
    (value * 1_000.0).round() / 1_000.0
}

pub(super) struct Connects {
    pub attempts: u64,
    pub made: u64,
    pub lost: u64,
    pub back: u64,
}

pub(super) fn sum(points: &[Point], connects: &Connects) -> Totals {
    let total = |of: fn(&Point) -> u64| points.iter().map(of).sum::<u64>();
    let not_sent = total(|p| p.not_sent);
    let rejected = total(|p| p.rejected);
    let answered = total(|p| p.ok + p.rejected + p.failed);
    Totals {
        planned: answered + total(|p| p.timeout + p.disconnected) + not_sent,
        ok: total(|p| p.ok),
        rejected,
        rejected_explained: rejected / 6,
        rejected_jitter: rejected / 3,
        rejected_unexplained: rejected - rejected / 6 - rejected / 3,
        failed: total(|p| p.failed),
        timeout: total(|p| p.timeout),
        disconnected: total(|p| p.disconnected),
        not_sent_offline: not_sent,
        sent: answered + total(|p| p.timeout + p.disconnected),
        acks: answered,
        late_answers: total(|p| p.timeout) / 3,
        connect_attempts: connects.attempts,
        connections: connects.made,
        connect_failures: connects.attempts - connects.made,
        logins: connects.made - connects.back,
        disconnects: connects.lost,
        reconnects: connects.back,
        received_events: total(|p| p.ok * p.users),
        ..Totals::default()
    }
}
