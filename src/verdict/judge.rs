//! Thresholds held against results.

use super::outcome::{Judged, ThresholdResult};
use crate::metrics::number;
use crate::plan::Threshold;
use crate::record::Results;

/// What came of a threshold. `judge` is false where the run cannot judge the server: then what was observed is shown, and
/// nothing is concluded from it.
#[must_use]
pub fn judge(threshold: &Threshold, results: &Results, file: &str, judge: bool) -> Judged {
    let observation = results.of_threshold(threshold);
    let result = match observation.value {
        _ if !judge => ThresholdResult::NotJudged,
        None => ThresholdResult::NoData,
        Some(value) if threshold.comparison.holds(value, threshold.limit) => ThresholdResult::Met,
        Some(_) => ThresholdResult::Broken,
    };
    let unit = threshold.subject.unit();
    Judged {
        name: threshold.name.clone(),
        metric: threshold.subject.name().to_owned(),
        statistic: threshold.statistic.map(|statistic| statistic.name().to_owned()),
        limit: threshold.limit_text.clone(),
        bound: threshold.limit,
        scenario: threshold.scenario.clone(),
        stage: threshold.stage.clone(),
        action: threshold.action.clone(),
        label: threshold.label.clone(),
        warn_only: threshold.warn_only,
        result,
        unit,
        observed: observation.value,
        observed_text: observation.value.map_or_else(|| "no samples".to_owned(), |value| number::value(value, unit)),
        samples: observation.samples,
        too_few_samples: observation.value.is_some() && observation.samples < threshold.min_samples,
        file: file.to_owned(),
        line: threshold.line,
    }
}

impl Judged {
    /// Does this one break the build?
    #[must_use]
    pub const fn fails(&self) -> bool {
        !self.warn_only && matches!(self.result, ThresholdResult::Broken | ThresholdResult::NoData)
    }
}
