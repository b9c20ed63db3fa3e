//! The plan as it stands outside: in `results.json` and in the document of `cotillion plan --format json`.

use serde::{Deserialize, Serialize};

use super::{Millis, Mirror};
use crate::plan::summary as outcome;

mirrors! {
    PlanSummary = PlanSummary {
        facts: Vec<(String, String)>,
        proof: ProofSummary,
        contention: Option<ContentionSummary>,
        totals: PlannedTotals,
        needs: Needs,
        warnings: Vec<String>,
        steps: Option<StepTable>,
    }
    ProofSummary = ProofSummary {
        verdict: ProofVerdict,
        sentence: String,
        step as "step_ms": Option<Millis>,
        margin as "margin_ms": Option<Millis>,
        slack as "slack_ms": Option<Millis>,
        rules: Vec<RuleRow>,
    }
    RuleRow = RuleRow {
        rule: String,
        count: u64,
        per as "per_ms": Millis,
        declared: String,
        needed as "needed_ms": Millis,
        gap as "gap_ms": Option<Millis>,
        difference as "difference_ms": Option<Millis>,
        standing: RuleStanding,
        inside as "inside_share": Option<f64>,
        exact: bool,
    }
    ContentionSummary = ContentionSummary {
        fewest_users: u64,
        most_users: u64,
        pairs: u64,
        possible_pairs: u64,
        share as "pairs_share": Option<f64>,
        sampled: bool,
        between as "between_ms": Option<Millis>,
        cooldown as "cooldown_ms": Option<Millis>,
    }
    PlannedTotals = PlannedTotals {
        users: u64,
        resources: u64,
        actions_most: u64,
        actions_least: u64,
        actions_per_second: Option<f64>,
        connects_per_second: u64,
        lifetimes as "lifetimes_ms": Option<(Millis, Millis)>,
    }
    Needs = Needs {
        memory as "memory_bytes": u64,
        local_ports: u64,
        open_files: u64,
    }
    StepTable = StepTable {
        columns: Vec<String>,
        rows: Vec<(String, Vec<String>)>,
        more: Option<String>,
    }
}

words! {
    ProofVerdict = outcome::ProofVerdict { NothingToProve, Kept, ByDesign, Broken, NotProvable, }
    RuleStanding = outcome::RuleStanding { Kept, ByDesign, Broken, }
}
