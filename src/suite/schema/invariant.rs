//! What must hold of what users do and see, whatever the load.

use schemars::JsonSchema;
use serde::Deserialize;

/// Something that always holds: exactly one of `one_winner`, `monotonic` and `converged`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Invariant {
    /// An action: of the users that take a resource with it in one step exactly one is ok.
    pub one_winner: Option<String>,
    /// Expression over `data` and `args`: a number that never falls, on a resource as each user sees it.
    pub monotonic: Option<String>,
    /// Expression over `data` and `args`: after the last event of a resource all its members have seen the same value.
    pub converged: Option<String>,
    /// The event that `monotonic` or `converged` looks at. Every user of every scenario listens for it.
    pub event: Option<String>,
    /// Expression over `data` and `args`: the resource that the event is about. Default: that of the action whose delivery
    /// it is.
    pub of: Option<String>,
}
