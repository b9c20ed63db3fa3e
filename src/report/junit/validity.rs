//! *Measurement valid*: the case that stands in every file. It is about the run and not about the server, so that it is never
//! a `failure`: where the run cannot judge the server, it is the `error`.

use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus};

use super::{case, error_list, limited, not_judged, unsuccessful, with_attachment};
use crate::report::untrusted::for_junit;
use crate::verdict::Outcome;
use crate::verdict::outcome::{Status, Validity};

/// How the case is called, in every run of every suite.
const NAME: &str = "measurement valid";

/// The case, with the reasons for doubt.
pub fn of_measurement(outcome: &Outcome, class: &str) -> TestCase {
    let verdict = &outcome.verdict;
    let reasons: Vec<String> = verdict.reasons.iter().map(|reason| format!("- {reason}")).collect();
    let told = format!("{}: {}\n{}", verdict.validity.word(), verdict.sentence, reasons.join("\n"));
    let mut output = for_junit(told.trim_end());
    let status = match (verdict.status, verdict.validity) {
        (Status::Interrupted | Status::Unreachable | Status::Skipped, _)
        | (_, Validity::NotMeasured | Validity::NotJudged) => {
            // Nothing that could be valid has come to its end.
            output.clear();
            not_judged(outcome, &verdict.sentence)
        }
        (_, Validity::Invalid) => {
            let text = format!("{told}\n\n{}", error_list(outcome, None));
            output = with_attachment(outcome, &told);
            unsuccessful(NonSuccessKind::Error, "InvalidRun", &verdict.sentence, &text)
        }
        (_, Validity::Suspect) => {
            output = format!("WARNING: the numbers deserve doubt\n{output}");
            TestCaseStatus::success()
        }
        (_, Validity::Valid) => TestCaseStatus::success(),
    };
    let mut case = case(NAME, class, &outcome.suite.file, outcome.suite.line, status);
    if !output.is_empty() {
        case.set_system_out(limited(output));
    }
    case
}
