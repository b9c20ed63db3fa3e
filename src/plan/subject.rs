//! What a threshold is about: a metric of the catalog, or one of the suite's own.

use super::language::names::suggestion;
use crate::metrics::catalog::{self, FINISHED, Kind, Metric, Unit};
use crate::metrics::{Axes, Counter, CustomKind, Distribution, METRICS};

#[derive(Debug, Clone, PartialEq)]
pub enum Subject {
    Known(&'static Metric),
    Custom {
        /// Its number among the suite's own.
        number: usize,
        name: String,
        kind: CustomKind,
    },
}

impl Subject {
    /// The metric of that name; otherwise the help for who wrote it.
    pub fn find(name: &str, axes: &Axes) -> Result<Self, String> {
        if let Some(metric) = catalog::find(name) {
            return Ok(Self::Known(metric));
        }
        if let Some(number) = axes.customs.iter().position(|custom| custom.name == name) {
            return Ok(Self::Custom { number, name: name.to_owned(), kind: axes.customs[number].kind });
        }
        let own = axes.customs.iter().map(|custom| custom.name.as_str());
        let known = METRICS.iter().map(|metric| metric.name).chain(own);
        Err(suggestion(Some(name), known).unwrap_or_else(|| {
            "`cotillion list` shows all metrics; the steps `check`, `count` and `measure` make others".into()
        }))
    }

    /// The metric of the catalog, if it is one.
    #[must_use]
    pub const fn metric(&self) -> Option<&'static Metric> {
        match self {
            Self::Known(metric) => Some(metric),
            Self::Custom { .. } => None,
        }
    }

    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Known(metric) => metric.name,
            Self::Custom { name, .. } => name,
        }
    }

    #[must_use]
    pub const fn unit(&self) -> Unit {
        match self {
            Self::Known(metric) => metric.unit,
            Self::Custom { kind, .. } => kind.unit(),
        }
    }

    /// Has it many values, so that a threshold says which of its statistics is meant?
    #[must_use]
    pub const fn is_distribution(&self) -> bool {
        match self {
            Self::Known(metric) => matches!(metric.kind, Kind::Distribution(_)),
            Self::Custom { kind, .. } => matches!(kind, CustomKind::Measure),
        }
    }

    /// Is it kept for the whole run only?
    #[must_use]
    pub const fn is_gauge(&self) -> bool {
        matches!(self, Self::Known(Metric { kind: Kind::Gauge(_), .. }))
    }

    #[must_use]
    pub const fn by_action(&self) -> bool {
        matches!(self, Self::Known(Metric { by_action: true, .. }))
    }

    /// Is it broken down by labels?
    #[must_use]
    pub fn by_label(&self) -> bool {
        let outcome = |counter: &Counter| *counter == Counter::Planned || FINISHED.contains(counter);
        match self {
            Self::Custom { .. } => true,
            Self::Known(metric) => match metric.kind {
                Kind::Share { part, whole } => part.iter().chain(whole).all(outcome),
                Kind::Count(counters) => counters.iter().all(outcome),
                Kind::Distribution(distribution) => {
                    matches!(distribution, Distribution::AckLatency | Distribution::AckService)
                }
                Kind::PerSecond(_) | Kind::Gauge(_) => false,
            },
        }
    }

    /// A limit as its thresholds have them.
    #[must_use]
    pub const fn example(&self) -> &'static str {
        match (self.is_distribution(), self.unit()) {
            (true, Unit::Number) => "p95 < 600",
            (true, _) => "p95 < 200ms",
            (_, Unit::Share) => ">= 99%",
            (_, Unit::Bytes) => "< 500MiB",
            (_, Unit::PerSecond) => ">= 20/s",
            _ => "== 0",
        }
    }
}
